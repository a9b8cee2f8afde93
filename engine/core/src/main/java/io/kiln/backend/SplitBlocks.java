package io.kiln.backend;

import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Blocks that are cut from segments of the system's memory. A request gets the smallest free block that is large enough,
 * and what it does not need stays free; a block that is freed is merged with free neighbours, in the end to the whole
 * segment, which alone can be given back. Requests up to 1 MiB share segments of 2 MiB, those below 10 MiB segments of
 * 20 MiB, and a larger one has a segment of its own, rounded up to 2 MiB: small blocks that live long then hold no large
 * ones apart. These rules are those of PyTorch's CUDACachingAllocator.
 *
 * <p>A free block is known to the queues that may still use it. One of these alone takes it at once; what closed queues
 * have left is everybody's. Another queue takes it when the system has no more memory, behind all that those queues
 * have been given by then: which work was the last on a merged block is not known. What it leaves of a block that
 * several shared is then its own.
 *
 * <p>Concurrency: thread-safe. No queue is asked for anything under the lock, as queues free memory under theirs.
 */
final class SplitBlocks implements KeptBlocks {
    private static final long UNIT = 512;
    private static final long SMALL = 1L << 20;
    private static final long SMALL_SEGMENT = 2L << 20;
    private static final long LARGE = 10L << 20;
    private static final long LARGE_SEGMENT = 20L << 20;
    private static final Comparator<Block> BY_SIZE =
            Comparator.<Block>comparingLong(b -> b.size).thenComparingLong(b -> b.address);

    private final Map<Long, Block> taken = new HashMap<>();
    private final Map<Pool, NavigableSet<Block>> pools = new HashMap<>();

    /** Free blocks that the same queues may still use. */
    private record Pool(Set<Queue> users, boolean small) {}

    /** A part of a segment, between its neighbours; free while it has users, which may be none. */
    private static final class Block {
        final long address;
        final boolean small;
        long size;
        Block before;
        Block after;
        Set<Queue> users;

        Block(long address, long size, boolean small) {
            this.address = address;
            this.size = size;
            this.small = small;
        }

        boolean isFree() {
            return users != null;
        }

        boolean isSegment() {
            return before == null && after == null;
        }

        Pool pool() {
            return new Pool(users, small);
        }
    }

    @Override
    public long blockSize(long bytes) {
        return roundUp(Math.max(1, bytes), UNIT);
    }

    private static long roundUp(long bytes, long unit) {
        return Math.addExact(bytes, unit - 1) / unit * unit;
    }

    @Override
    public long growth(long size) {
        if (size <= SMALL) {
            return SMALL_SEGMENT;
        }
        return size < LARGE ? LARGE_SEGMENT : roundUp(size, SMALL_SEGMENT);
    }

    @Override
    public synchronized long add(long address, long bytes, long size, Queue queue) {
        Block segment = new Block(address, bytes, size <= SMALL);
        keep(segment, Set.of());
        return cut(segment, size, queue);
    }

    @Override
    public long take(long size, Queue queue) {
        long address = takeOwn(size, queue);
        return address == 0 && disown() ? takeOwn(size, queue) : address;
    }

    private synchronized long takeOwn(long size, Queue queue) {
        boolean small = size <= SMALL;
        Block found = smallest(pools.get(new Pool(Set.of(queue), small)), size);
        if (found == null) {
            found = smallest(pools.get(new Pool(Set.of(), small)), size);
        }
        return found == null ? 0 : cut(found, size, queue);
    }

    /** The smallest block of a pool, which may be missing, that is large enough; null if there is none. */
    private static Block smallest(NavigableSet<Block> pool, long size) {
        return pool == null ? null : pool.ceiling(new Block(Long.MIN_VALUE, size, false));
    }

    @Override
    public long takeFromOthers(long size, Queue queue) {
        Set<Queue> users;
        long address;
        synchronized (this) {
            Block found = null;
            for (NavigableSet<Block> pool : pools.values()) {
                Block best = smallest(pool, size);
                if (best != null && (found == null || BY_SIZE.compare(best, found) < 0)) {
                    found = best;
                }
            }
            if (found == null) {
                return 0;
            }
            users = found.users;
            address = found.address;
            remove(found);
            taken.put(address, found);
        }
        try {
            for (Queue user : users) {
                Handover.of(user).to(queue);
            }
        } catch (RuntimeException e) {
            keep(address, union(users, Set.of(queue)));
            throw e;
        }
        synchronized (this) {
            // What several shared none of them would find: it is the queue's, which comes behind all.
            trim(taken.get(address), size, users.size() == 1 ? users : Set.of(queue));
        }
        return address;
    }

    /** Takes a block from the beginning of a free one. The rest of what was nobody's is the queue's from now on. */
    private long cut(Block block, long size, Queue queue) {
        Set<Queue> users = block.users;
        remove(block);
        taken.put(block.address, block);
        trim(block, size, users.isEmpty() ? Set.of(queue) : users);
        return block.address;
    }

    /** Leaves a block that is taken so many bytes, and keeps the rest. */
    private void trim(Block block, long size, Set<Queue> users) {
        if (block.size > size) {
            Block rest = new Block(block.address + size, block.size - size, block.small);
            rest.before = block;
            rest.after = block.after;
            if (rest.after != null) {
                rest.after.before = rest;
            }
            block.after = rest;
            block.size = size;
            keep(rest, users);
        }
    }

    @Override
    public void keep(long address, long size, Queue home) {
        keep(address, Set.of(home));
    }

    private synchronized void keep(long address, Set<Queue> users) {
        keep(taken.remove(address), users);
    }

    private void keep(Block block, Set<Queue> users) {
        Block merged = block;
        Set<Queue> all = users;
        if (block.before != null && block.before.isFree()) {
            all = union(all, block.before.users);
            remove(block.before);
            merged = merge(block.before, block);
        }
        if (merged.after != null && merged.after.isFree()) {
            all = union(all, merged.after.users);
            remove(merged.after);
            merge(merged, merged.after);
        }
        merged.users = all;
        pools.computeIfAbsent(merged.pool(), p -> new TreeSet<>(BY_SIZE)).add(merged);
    }

    private static Block merge(Block first, Block second) {
        first.size += second.size;
        first.after = second.after;
        if (first.after != null) {
            first.after.before = first;
        }
        return first;
    }

    private void remove(Block block) {
        NavigableSet<Block> pool = pools.get(block.pool());
        pool.remove(block);
        if (pool.isEmpty()) {
            pools.remove(block.pool());
        }
        block.users = null;
    }

    private static Set<Queue> union(Set<Queue> some, Set<Queue> others) {
        if (some.containsAll(others)) {
            return some;
        }
        Set<Queue> all = new HashSet<>(some);
        all.addAll(others);
        return Set.copyOf(all);
    }

    /** Forgets the queues that have been closed, whose work has ended; whether there were any. */
    private boolean disown() {
        Set<Queue> closed;
        synchronized (this) {
            closed =
                    pools.keySet().stream().flatMap(pool -> pool.users.stream()).collect(Collectors.toSet());
        }
        closed.removeIf(queue -> !queue.isClosed());
        if (closed.isEmpty()) {
            return false;
        }
        synchronized (this) {
            for (Pool pool : List.copyOf(pools.keySet())) {
                if (!Collections.disjoint(pool.users, closed)) {
                    Set<Queue> open = pool.users.stream()
                            .filter(q -> !closed.contains(q))
                            .collect(Collectors.toUnmodifiableSet());
                    NavigableSet<Block> blocks = pools.remove(pool);
                    blocks.forEach(block -> block.users = open);
                    pools.computeIfAbsent(new Pool(open, pool.small), p -> new TreeSet<>(BY_SIZE))
                            .addAll(blocks);
                }
            }
        }
        return true;
    }

    /** Waits without the lock: work under way may free memory. */
    @Override
    public void giveBack(Release release) {
        for (Block segment : freeSegments()) {
            Set<Queue> users;
            synchronized (this) {
                if (!segment.isFree() || !segment.isSegment()) {
                    continue;
                }
                users = segment.users;
                remove(segment);
            }
            try {
                for (Queue user : users) {
                    KeptBlocks.awaitEnd(user.record());
                }
            } catch (RuntimeException e) {
                synchronized (this) {
                    keep(segment, users);
                }
                throw e;
            }
            release.giveBack(segment.address, segment.size);
        }
    }

    private synchronized List<Block> freeSegments() {
        return pools.values().stream()
                .flatMap(Collection::stream)
                .filter(Block::isSegment)
                .toList();
    }

    @Override
    public synchronized long fragmentedBytes() {
        return pools.values().stream()
                .flatMap(Collection::stream)
                .filter(block -> !block.isSegment())
                .mapToLong(block -> block.size)
                .sum();
    }

    @Override
    public synchronized long largestBytes() {
        return pools.values().stream().mapToLong(pool -> pool.last().size).max().orElse(0);
    }
}
