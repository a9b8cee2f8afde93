package io.kiln.backend;

import java.util.Arrays;

/**
 * Whole blocks in size classes, eight per doubling: a freed block serves requests of its class. It carries the event of
 * its last use if work runs late.
 *
 * <p>Concurrency: thread-safe; a lock per class.
 */
final class SizeClasses implements KeptBlocks {
    private static final int ALIGNMENT = 64;
    private static final int CLASSES = 8 * 58;

    private final Allocator.Order order;
    private final Object[] locks = new Object[CLASSES];
    private final Blocks[] kept = new Blocks[CLASSES];

    SizeClasses(Allocator.Order order) {
        this.order = order;
        for (int i = 0; i < CLASSES; i++) {
            locks[i] = new Object();
            kept[i] = new Blocks();
        }
    }

    @Override
    public long blockSize(long bytes) {
        return classSize(sizeClass(bytes));
    }

    @Override
    public long growth(long size) {
        return size;
    }

    @Override
    public long add(long address, long bytes, long size, Queue queue) {
        return address;
    }

    @Override
    public long take(long size, Queue queue) {
        int c = sizeClass(size);
        long address;
        Handover use;
        synchronized (locks[c]) {
            if (order == Allocator.Order.HOST) {
                // New memory is cheaper than waiting for the device, which is done with the block of longest ago first.
                return kept[c].isOldestDone() ? kept[c].popOldest() : 0;
            }
            use = kept[c].lastUse();
            address = kept[c].pop();
        }
        if (use != null && order == Allocator.Order.QUEUED) {
            try {
                use.to(queue);
            } catch (RuntimeException e) {
                push(c, address, use);
                throw e;
            }
        }
        return address;
    }

    private void push(int c, long address, Handover use) {
        synchronized (locks[c]) {
            kept[c].push(address, use);
        }
    }

    /** None: {@link #take} hands out the blocks of all queues. */
    @Override
    public long takeFromOthers(long size, Queue queue) {
        return 0;
    }

    @Override
    public void keep(long address, long size, Queue home) {
        push(sizeClass(size), address, home == null ? null : Handover.of(home));
    }

    @Override
    public void giveBack(Release release) {
        for (int c = 0; c < CLASSES; c++) {
            int blocks;
            synchronized (locks[c]) {
                blocks = kept[c].size();
            }
            while (blocks-- > 0 && giveBack(c, release)) {
                // the next one
            }
        }
    }

    /** Waits without the lock of the class: work under way may free memory under locks of its queue. */
    private boolean giveBack(int c, Release release) {
        long address;
        Handover use;
        synchronized (locks[c]) {
            use = kept[c].lastUse();
            address = kept[c].pop();
        }
        if (address == 0) {
            return false;
        }
        try {
            if (use != null) {
                KeptBlocks.awaitEnd(use.event());
            }
        } catch (RuntimeException e) {
            push(c, address, use);
            throw e;
        }
        release.giveBack(address, classSize(c));
        return true;
    }

    /** None: each block is given back by itself. */
    @Override
    public long fragmentedBytes() {
        return 0;
    }

    @Override
    public long largestBytes() {
        for (int c = CLASSES - 1; c >= 0; c--) {
            synchronized (locks[c]) {
                if (kept[c].size() > 0) {
                    return classSize(c);
                }
            }
        }
        return 0;
    }

    private static int sizeClass(long bytes) {
        long units = Math.max(1, (bytes + ALIGNMENT - 1) / ALIGNMENT);
        if (units <= 8) {
            return (int) units - 1;
        }
        int shift = 60 - Long.numberOfLeadingZeros(units - 1);
        return 8 * shift + (int) ((units - 1) >> shift);
    }

    private static long classSize(int c) {
        if (c < 16) {
            return (c + 1L) * ALIGNMENT;
        }
        int shift = c / 8 - 1;
        return ((c % 8 + 8L + 1) << shift) * ALIGNMENT;
    }

    /** Freed blocks, the newest on top, without an object for each if work runs inline. */
    private static final class Blocks {
        private long[] addresses = new long[8];
        private Handover[] uses;
        private int size;

        void push(long address, Handover use) {
            if (size == addresses.length) {
                addresses = Arrays.copyOf(addresses, 2 * size);
            }
            if (use != null && uses == null) {
                uses = new Handover[addresses.length];
            }
            if (uses != null) {
                uses = uses.length < addresses.length ? Arrays.copyOf(uses, addresses.length) : uses;
                uses[size] = use;
            }
            addresses[size++] = address;
        }

        int size() {
            return size;
        }

        /** The last use of the block that {@link #pop} returns next; null if its work has ended, or if there is none. */
        Handover lastUse() {
            return uses == null || size == 0 ? null : uses[size - 1];
        }

        long pop() {
            return size == 0 ? 0 : addresses[--size];
        }

        /** Whether nothing uses the block any more that {@link #popOldest} returns next. */
        boolean isOldestDone() {
            return uses == null
                    || size == 0
                    || uses[0] == null
                    || uses[0].event().isDone();
        }

        /** The block that was freed first. */
        long popOldest() {
            if (size == 0) {
                return 0;
            }
            long address = addresses[0];
            System.arraycopy(addresses, 1, addresses, 0, --size);
            if (uses != null) {
                System.arraycopy(uses, 1, uses, 0, size);
                uses[size] = null;
            }
            return address;
        }
    }
}
