package io.kiln.backend;

import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;
import java.util.function.LongUnaryOperator;

/**
 * A caching allocator with a budget. Blocks are rounded up to size classes (eight to a doubling) and kept when freed, so
 * that a training step finds warm memory instead of page faults. Live and kept bytes together never exceed the budget: a
 * request that would, first drops the kept blocks, then asks the garbage collector for arrays that nobody closed, and then
 * fails with a message that says who holds what.
 *
 * <p>Where work runs late ({@link Order}), a freed block carries the event of its last use: within the queue that used it it
 * serves the next request at once, in another one after the event.
 *
 * <p>Concurrency: thread-safe.
 */
public final class Allocator {
    private static final int ALIGNMENT = 64;
    private static final int CLASSES = 8 * 58;
    private static final int COLLECTION_TRIES = 4;

    /** When a freed block may be used again. */
    public enum Order {
        /** At once: work has ended when its call returns. */
        INLINE,
        /** By work of a queue: after what the queue that freed it was given before. */
        QUEUED,
        /** By Java code, as memory of the host is: once what the queue that freed it was given before has ended. */
        HOST
    }

    /** Told of each block that is handed out and comes back, kept ones included: a profiler, or a test that looks for races. */
    public interface Watcher {
        /**
         * A block was handed out.
         *
         * @param queue the queue whose work it is for; null where work runs inline
         * @param address what the system calls it
         * @param bytes its size, rounded up
         */
        void allocated(Queue queue, long address, long bytes);

        /**
         * A block came back: what the queue was given before may still use it.
         *
         * @param queue the queue that it was handed out for; null where work runs inline
         * @param address what the system calls it
         * @param bytes its size, rounded up
         */
        void freed(Queue queue, long address, long bytes);
    }

    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private final Order order;
    private final Watcher watcher;
    private final LongUnaryOperator allocate;
    private final LongConsumer free;
    private final long budget;
    private final String remedy;
    private final Object[] locks = new Object[CLASSES];
    private final Blocks[] kept = new Blocks[CLASSES];
    private final AtomicLong live = new AtomicLong();
    private final AtomicLong held = new AtomicLong();
    private final AtomicLong peak = new AtomicLong();

    /**
     * Creates an allocator.
     *
     * @param order when a freed block may be used again
     * @param allocate takes memory from the system: bytes to address, 0 when refused
     * @param free gives it back
     * @param budget the most bytes to hold, live and kept together
     * @param remedy what a user does when the budget is too small, for the message
     */
    public Allocator(Order order, LongUnaryOperator allocate, LongConsumer free, long budget, String remedy) {
        this(order, allocate, free, budget, remedy, null);
    }

    /**
     * Creates an allocator that is watched.
     *
     * @param order when a freed block may be used again
     * @param allocate takes memory from the system: bytes to address, 0 when refused
     * @param free gives it back
     * @param budget the most bytes to hold, live and kept together
     * @param remedy what a user does when the budget is too small, for the message
     * @param watcher told of each block; null for nobody
     */
    public Allocator(
            Order order, LongUnaryOperator allocate, LongConsumer free, long budget, String remedy, Watcher watcher) {
        this.watcher = watcher;
        this.order = order;
        this.allocate = allocate;
        this.free = free;
        this.budget = budget;
        this.remedy = remedy;
        for (int i = 0; i < CLASSES; i++) {
            locks[i] = new Object();
            kept[i] = new Blocks();
        }
    }

    /**
     * Allocates a block, uninitialised, for work in the calling thread's {@linkplain Context#queue(Backend) queue}.
     *
     * @param backend its owner
     * @param bytes its size, 0 allowed
     * @return the block, with one reference
     */
    public Storage allocate(Backend backend, long bytes) {
        return allocate(
                backend, order == Order.INLINE ? null : Context.current().queue(backend), bytes);
    }

    Storage allocate(Backend backend, Queue queue, long bytes) {
        int c = sizeClass(bytes);
        long size = classSize(c);
        long address = reuse(c, queue);
        if (address == 0) {
            address = fresh(size, bytes);
        }
        long now = live.addAndGet(size);
        if (now > peak.get()) {
            peak.accumulateAndGet(now, Math::max);
        }
        if (watcher != null) {
            watcher.allocated(queue, address, size);
        }
        return new Storage(backend, this, queue, address, bytes);
    }

    private long reuse(int c, Queue queue) {
        long address;
        Handover use;
        synchronized (locks[c]) {
            use = kept[c].lastUse();
            if (use != null && order == Order.HOST && !use.event().isDone()) {
                return 0; // new memory is cheaper than to wait for the device
            }
            address = kept[c].pop();
        }
        if (use != null && order == Order.QUEUED) {
            use.to(queue);
        }
        return address;
    }

    void free(Queue home, long address, long bytes) {
        int c = sizeClass(bytes);
        live.addAndGet(-classSize(c));
        if (watcher != null) {
            watcher.freed(home, address, classSize(c));
        }
        Handover use = home == null ? null : Handover.of(home);
        synchronized (locks[c]) {
            kept[c].push(address, use);
        }
    }

    private long fresh(long size, long asked) {
        for (int attempt = 0; ; attempt++) {
            if (held.addAndGet(size) <= budget) {
                long address = allocate.applyAsLong(size);
                if (address != 0) {
                    return address;
                }
            }
            held.addAndGet(-size);
            if (attempt == COLLECTION_TRIES) {
                throw new OutOfDeviceMemoryException("memory: asked for " + asked + " bytes, " + live.get()
                        + " bytes are held by live arrays of this process, the budget is " + budget + " bytes; "
                        + remedy
                        + "; Scope.debugDump() names the live arrays of a thread");
            }
            if (attempt > 0) {
                collect(attempt);
            }
            trim();
        }
    }

    /** Arrays outside any scope are freed by the garbage collector only: give it a reason and a moment to do so. */
    private static void collect(int attempt) {
        System.gc();
        LockSupport.parkNanos(10_000_000L << attempt);
    }

    /**
     * Gives all kept blocks back to the system, each after its last use, be it that this has failed.
     *
     * @throws IllegalStateException when work that uses a block does not end; the block stays
     */
    public void trim() {
        for (int c = 0; c < CLASSES; c++) {
            synchronized (locks[c]) {
                while (!kept[c].isEmpty()) {
                    Handover use = kept[c].lastUse();
                    if (use != null) {
                        awaitEnd(use.event());
                    }
                    free.accept(kept[c].pop());
                    held.addAndGet(-classSize(c));
                }
            }
        }
    }

    /** Waits until nothing writes any more, as is so when the work has failed. */
    private static void awaitEnd(Event event) {
        if (event.isDone()) {
            return;
        }
        try {
            event.synchronize(PATIENCE);
        } catch (IllegalStateException e) {
            if (!event.isDone()) {
                throw e;
            }
        }
    }

    /**
     * Bytes in use by arrays, rounded to size classes.
     *
     * @return live bytes
     */
    public long liveBytes() {
        return live.get();
    }

    /**
     * The most bytes that were live at one time since the last {@link #resetPeak}.
     *
     * @return peak of live bytes
     */
    public long peakBytes() {
        return peak.get();
    }

    /** Forgets the peak: it becomes what is live now. */
    public void resetPeak() {
        peak.set(live.get());
    }

    /**
     * Bytes taken from the system: live and kept.
     *
     * @return held bytes
     */
    public long heldBytes() {
        return held.get();
    }

    /**
     * The most bytes that may be held.
     *
     * @return the budget
     */
    public long budget() {
        return budget;
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

    /** A stack of freed blocks, without an object for each where work runs inline. */
    private static final class Blocks {
        private long[] addresses = new long[8];
        private Handover[] uses;
        private int size;

        void push(long address, Handover use) {
            if (size == addresses.length) {
                addresses = Arrays.copyOf(addresses, 2 * size);
            }
            if (use != null) {
                uses = uses == null
                        ? new Handover[addresses.length]
                        : uses.length < addresses.length ? Arrays.copyOf(uses, addresses.length) : uses;
                uses[size] = use;
            }
            addresses[size++] = address;
        }

        boolean isEmpty() {
            return size == 0;
        }

        /** Of the block that {@link #pop} gives next; null when its work has ended, and when there is none. */
        Handover lastUse() {
            return uses == null || size == 0 ? null : uses[size - 1];
        }

        long pop() {
            return size == 0 ? 0 : addresses[--size];
        }
    }
}
