package io.kiln.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random requests from several queues and threads, against a model of who has which bytes and who had them last. */
class SplitBlocksModelTest {
    private static final long MIB = 1L << 20;
    private static final int QUEUES = 4;

    /** What a queue knows of the work of others: it comes behind so much of each. */
    private static final class ClockedQueue implements Queue {
        private final Map<Queue, Long> known = new HashMap<>();
        private boolean closed;

        private record Time(Map<Queue, Long> known) implements Event {
            @Override
            public boolean isDone() {
                return true;
            }

            @Override
            public void synchronize(Duration deadline) {
                throw new UnsupportedOperationException();
            }
        }

        /** Gives work to the queue, unless it is closed, and returns the number of the last. */
        synchronized long work() {
            return known.merge(this, closed ? 0L : 1L, Long::sum);
        }

        synchronized boolean comesBehind(Queue other, long work) {
            return known.getOrDefault(other, 0L) >= work;
        }

        @Override
        public synchronized Event record() {
            return new Time(Map.copyOf(known));
        }

        @Override
        public synchronized void await(Event event) {
            ((Time) event).known.forEach((queue, work) -> known.merge(queue, work, Math::max));
        }

        @Override
        public synchronized boolean isClosed() {
            return closed;
        }

        @Override
        public synchronized void close() {
            closed = true;
        }

        @Override
        public void copy(Span to, Span from) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void fill(Span to, byte value) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void synchronize(Duration deadline) {
            throw new UnsupportedOperationException();
        }
    }

    /** A block in use, for work in a queue. */
    private record Used(Storage storage, ClockedQueue queue) {}

    /** The last work on bytes up to an end. */
    private record Last(long end, ClockedQueue queue, long work) {}

    /** Who uses which bytes, and who has used them last. */
    private static final class Model {
        private final TreeMap<Long, Used> live = new TreeMap<>();
        private final TreeMap<Long, Last> last = new TreeMap<>();
        private final Map<Queue, Long> ended = new HashMap<>();

        /** Its work has ended, and what came before that. */
        void close(ClockedQueue queue) {
            queue.close();
            queue.known.forEach((of, work) -> ended.merge(of, work, Math::max));
        }

        void take(Used used) {
            long start = used.storage.address();
            long end = start + used.storage.bytes();
            Map.Entry<Long, Used> before = live.lowerEntry(end);
            assertTrue(
                    before == null
                            || before.getKey() + before.getValue().storage.bytes() <= start,
                    "they overlap");
            live.put(start, used);
            Map.Entry<Long, Last> first = last.floorEntry(start);
            for (Last use :
                    last.subMap(first == null ? start : first.getKey(), end).values()) {
                assertTrue(
                        use.end <= start
                                || ended.getOrDefault(use.queue, 0L) >= use.work
                                || used.queue.comesBehind(use.queue, use.work),
                        "work of another queue may still use it");
            }
        }

        void free(Used used) {
            long start = used.storage.address();
            long end = start + used.storage.bytes();
            live.remove(start);
            Map.Entry<Long, Last> first = last.lowerEntry(start);
            if (first != null && first.getValue().end > start) {
                Last cut = first.getValue();
                last.put(first.getKey(), new Last(start, cut.queue, cut.work));
                if (cut.end > end) {
                    last.put(end, cut);
                }
            }
            NavigableMap<Long, Last> covered = last.subMap(start, true, end, false);
            Map.Entry<Long, Last> rest = covered.lastEntry();
            if (rest != null && rest.getValue().end > end) {
                last.put(end, rest.getValue());
            }
            covered.clear();
            last.put(start, new Last(end, used.queue, used.queue.work()));
        }

        long bytes() {
            return live.values().stream()
                    .mapToLong(used -> (used.storage.bytes() + 511) / 512 * 512)
                    .sum();
        }
    }

    /** Mostly small, some large, a few beyond 10 MiB. */
    private static long size(Random random) {
        int kind = random.nextInt(20);
        return 1 + random.nextInt((int) (kind < 14 ? 40_000 : kind < 19 ? 3 * MIB : 12 * MIB));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5})
    void blocksOfSeveralQueues(int seed) {
        Random random = new Random(seed);
        Segments system = new Segments();
        long budget = 96 * MIB;
        Allocator a = system.allocator(budget);
        ClockedQueue[] queues = new ClockedQueue[QUEUES];
        for (int i = 0; i < QUEUES; i++) {
            queues[i] = new ClockedQueue();
        }
        Model model = new Model();
        List<Used> used = new ArrayList<>();
        int full = 0;
        for (int i = 0; i < 20_000; i++) {
            int q = random.nextInt(QUEUES);
            if (random.nextInt(500) == 0) {
                model.close(queues[q]);
                queues[q] = new ClockedQueue();
            }
            if (random.nextInt(2_000) == 0) {
                a.trim();
            }
            long bytes = size(random);
            if (random.nextBoolean() && a.liveBytes() + bytes < budget / 2) {
                queues[q].work();
                Used now = new Used(a.allocate(null, queues[q], bytes), queues[q]);
                assertTrue(system.contains(now.storage.address(), bytes));
                model.take(now);
                used.add(now);
            } else if (!used.isEmpty()) {
                Used then = used.remove(random.nextInt(used.size()));
                model.free(then);
                then.storage.release();
            }
            assertEquals(model.bytes(), a.liveBytes());
            assertEquals(system.bytes(), a.heldBytes());
            assertTrue(a.liveBytes() + a.fragmentedBytes() <= a.heldBytes() && a.heldBytes() <= budget);
            full += a.heldBytes() > budget - 2 * MIB ? 1 : 0;
        }
        assertTrue(full > 100, "the budget was never spent");
        used.forEach(block -> block.storage.release());
        assertEquals(0, a.fragmentedBytes(), "all are whole segments again");
        assertEquals(0, a.liveBytes());
        a.trim();
        assertEquals(0, a.heldBytes());
        assertEquals(0, system.bytes());
    }

    @Test
    void blocksOfSeveralThreads() throws Exception {
        Segments system = new Segments();
        Allocator a = system.allocator(96 * MIB);
        TreeMap<Long, Long> live = new TreeMap<>();
        List<Storage> handed = new ArrayList<>();
        ExecutorService pool = Executors.newFixedThreadPool(QUEUES);
        try {
            List<Future<?>> done = new ArrayList<>();
            for (int t = 0; t < QUEUES; t++) {
                Random random = new Random(t);
                ClockedQueue own = new ClockedQueue();
                done.add(pool.submit(() -> {
                    for (int i = 0; i < 10_000; i++) {
                        long bytes = size(random);
                        Storage freed = null;
                        synchronized (live) {
                            if (!handed.isEmpty() && (random.nextBoolean() || a.liveBytes() > 40 * MIB)) {
                                freed = handed.remove(random.nextInt(handed.size()));
                                live.remove(freed.address());
                            }
                        }
                        if (freed != null) {
                            freed.release(); // often of another thread's queue
                            continue;
                        }
                        Storage block = a.allocate(null, own, bytes);
                        synchronized (live) {
                            Map.Entry<Long, Long> before = live.lowerEntry(block.address() + bytes);
                            assertTrue(before == null || before.getValue() <= block.address(), "they overlap");
                            live.put(block.address(), block.address() + bytes);
                            handed.add(block);
                        }
                        if (i % 1_000 == 0) {
                            a.trim();
                        }
                    }
                }));
            }
            for (Future<?> f : done) {
                f.get(60, TimeUnit.SECONDS);
            }
        } finally {
            pool.shutdownNow();
        }
        assertEquals(system.bytes(), a.heldBytes());
        handed.forEach(Storage::release);
        assertEquals(0, a.liveBytes());
        assertEquals(0, a.fragmentedBytes(), "all are whole segments again");
        a.trim();
        assertEquals(0, system.bytes());
    }
}
