package io.kiln.backend;

import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongConsumer;
import java.util.function.LongUnaryOperator;
import java.util.function.Supplier;

/**
 * A caching allocator with a budget. Blocks are rounded up to size classes (eight per doubling) and kept when freed, so
 * that a training step finds warm memory instead of page faults. Live and kept bytes together never exceed the budget:
 * a request that would exceed it first drops the kept blocks, then asks the garbage collector for arrays that were not
 * closed, and then fails with a message that lists the holders of memory.
 *
 * <p>If work runs late ({@link Order}), a freed block carries the event of its last use: the queue that used it can
 * reuse it at once, another queue only after the event.
 *
 * <p>Concurrency: thread-safe. A request that finds no memory waits for work, and so takes locks of queues: a queue makes
 * none while it holds its own.
 */
public final class Allocator {
    private static final int ALIGNMENT = 64;
    private static final int CLASSES = 8 * 58;
    private static final int COLLECTION_TRIES = 4;

    /** When a freed block may be reused. */
    public enum Order {
        /** At once: work has ended when its call returns. */
        INLINE,
        /** By queued work: after everything given before to the queue that freed it. */
        QUEUED,
        /** By Java code, as for host memory: once everything given before to the queue that freed it has ended. */
        HOST
    }

    /**
     * Notified of each block that is handed out or returned, including cached ones: for profilers, or tests that look
     * for races.
     */
    public interface Watcher {
        /**
         * A block was handed out.
         *
         * @param queue the queue whose work it is for; null if work runs inline
         * @param address the system's handle for it
         * @param bytes its size, rounded up
         */
        void allocated(Queue queue, long address, long bytes);

        /**
         * A block was returned: work given before to the queue may still use it.
         *
         * @param queue the queue that it was handed out for; null if work runs inline
         * @param address the system's handle for it
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
    private final Supplier<String> remedy;
    private final Lock trimming = new ReentrantLock();
    private final Object[] locks = new Object[CLASSES];
    private final Blocks[] kept = new Blocks[CLASSES];
    private final AtomicLong live = new AtomicLong();
    private final AtomicLong held = new AtomicLong();
    private final AtomicLong peak = new AtomicLong();

    /**
     * Creates an allocator.
     *
     * @param order when a freed block may be reused
     * @param allocate allocates memory from the system: bytes to address, 0 if refused
     * @param free returns it
     * @param budget maximum number of bytes to hold, live and kept together
     * @param remedy what a user can do if the budget is too small, for the message
     */
    public Allocator(Order order, LongUnaryOperator allocate, LongConsumer free, long budget, String remedy) {
        this(order, allocate, free, budget, remedy, null);
    }

    /**
     * Creates an allocator whose remedy depends on the state of the device.
     *
     * @param order when a freed block may be reused
     * @param allocate allocates memory from the system: bytes to address, 0 if refused
     * @param free returns it
     * @param budget maximum number of bytes to hold, live and kept together
     * @param remedy what a user can do when an allocation fails, asked for at that moment
     */
    public Allocator(Order order, LongUnaryOperator allocate, LongConsumer free, long budget, Supplier<String> remedy) {
        this(order, allocate, free, budget, remedy, null);
    }

    /**
     * Creates an allocator that is watched.
     *
     * @param order when a freed block may be reused
     * @param allocate allocates memory from the system: bytes to address, 0 if refused
     * @param free returns it
     * @param budget maximum number of bytes to hold, live and kept together
     * @param remedy what a user can do if the budget is too small, for the message
     * @param watcher notified of each block; null for none
     */
    public Allocator(
            Order order, LongUnaryOperator allocate, LongConsumer free, long budget, String remedy, Watcher watcher) {
        this(order, allocate, free, budget, () -> remedy, watcher);
    }

    private Allocator(
            Order order,
            LongUnaryOperator allocate,
            LongConsumer free,
            long budget,
            Supplier<String> remedy,
            Watcher watcher) {
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
            if (order == Order.HOST) {
                // New memory is cheaper than waiting for the device, which is done with the block of longest ago first.
                return kept[c].isOldestDone() ? kept[c].popOldest() : 0;
            }
            use = kept[c].lastUse();
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
                        + remedy.get()
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
     * Returns all kept blocks to the system, each after its last use, even if that has failed.
     *
     * @throws IllegalStateException if work that uses a block does not end; the block is kept
     */
    public void trim() {
        awaitTrimming();
        try {
            for (int c = 0; c < CLASSES; c++) {
                int blocks;
                synchronized (locks[c]) {
                    blocks = kept[c].size();
                }
                while (blocks-- > 0 && giveBack(c)) {
                    // the next one
                }
            }
        } finally {
            trimming.unlock();
        }
    }

    /** Who needs memory, too, waits for what is being given back. */
    private void awaitTrimming() {
        try {
            if (trimming.tryLock(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("memory: interrupted while another thread gives blocks back", e);
        }
        throw new IllegalStateException(
                "memory: another thread has been giving blocks back for " + PATIENCE + ", which waits for work to end");
    }

    /** Waits without the lock of the class: work under way may free memory under locks of its queue. */
    private boolean giveBack(int c) {
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
                awaitEnd(use.event());
            }
        } catch (RuntimeException e) {
            synchronized (locks[c]) {
                kept[c].push(address, use);
            }
            throw e;
        }
        free.accept(address);
        held.addAndGet(-classSize(c));
        return true;
    }

    /** Waits until nothing writes any more, which is also the case if the work has failed. */
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
     * The maximum number of live bytes since the last {@link #resetPeak}.
     *
     * @return peak of live bytes
     */
    public long peakBytes() {
        return peak.get();
    }

    /** Resets the peak to the current number of live bytes. */
    public void resetPeak() {
        peak.set(live.get());
    }

    /**
     * Bytes allocated from the system: live and kept.
     *
     * @return held bytes
     */
    public long heldBytes() {
        return held.get();
    }

    /**
     * The maximum number of bytes that may be held.
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
