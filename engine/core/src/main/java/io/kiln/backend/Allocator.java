package io.kiln.backend;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongConsumer;
import java.util.function.LongUnaryOperator;
import java.util.function.Supplier;

/**
 * A caching allocator with a budget. Freed blocks are kept, so that a training step finds warm memory instead of page
 * faults. Live and kept bytes together never exceed the budget: a request that would exceed it first drops the kept
 * memory, then asks the garbage collector for arrays that were not closed, and then fails with a message that lists the
 * holders of memory.
 *
 * <p>Blocks are rounded up to size classes, eight per doubling, and reused whole; an allocator that is {@linkplain
 * #splitting splitting} cuts them from larger segments and merges free neighbours, so that memory of any size becomes
 * memory of any other.
 *
 * <p>If work runs late ({@link Order}), a freed block can be reused at once by the queue that used it last. Another
 * queue waits for that use; with split blocks it takes such a block only when the system has no more memory.
 *
 * <p>Concurrency: thread-safe. A request that finds no memory waits for work, and so takes locks of queues: a queue makes
 * none while it holds its own.
 */
public final class Allocator {
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

    private final Order order;
    private final Watcher watcher;
    private final LongUnaryOperator allocate;
    private final LongConsumer free;
    private final long budget;
    private final Supplier<String> remedy;
    private final Lock trimming = new ReentrantLock();
    private final KeptBlocks kept;
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
        this(order, new SizeClasses(order), allocate, free, budget, remedy, null);
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
        this(order, new SizeClasses(order), allocate, free, budget, () -> remedy, watcher);
    }

    /**
     * Creates an allocator of order {@link Order#QUEUED} that splits blocks and merges free neighbours.
     *
     * @param allocate allocates memory from the system: bytes to the address of memory in which places can be computed,
     *     aligned to 256 bytes; 0 if refused
     * @param free returns it
     * @param budget maximum number of bytes to hold, live and kept together
     * @param remedy what a user can do when an allocation fails, asked for at that moment
     * @param watcher notified of each block; null for none
     * @return the allocator
     */
    public static Allocator splitting(
            LongUnaryOperator allocate, LongConsumer free, long budget, Supplier<String> remedy, Watcher watcher) {
        return new Allocator(Order.QUEUED, new SplitBlocks(), allocate, free, budget, remedy, watcher);
    }

    private Allocator(
            Order order,
            KeptBlocks kept,
            LongUnaryOperator allocate,
            LongConsumer free,
            long budget,
            Supplier<String> remedy,
            Watcher watcher) {
        this.watcher = watcher;
        this.order = order;
        this.kept = kept;
        this.allocate = allocate;
        this.free = free;
        this.budget = budget;
        this.remedy = remedy;
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
        long size = kept.blockSize(bytes);
        long address = kept.take(size, queue);
        if (address == 0) {
            address = fresh(size, bytes, queue);
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

    void free(Queue home, long address, long bytes) {
        long size = kept.blockSize(bytes);
        live.addAndGet(-size);
        if (watcher != null) {
            watcher.freed(home, address, size);
        }
        kept.keep(address, size, home);
    }

    private long fresh(long size, long asked, Queue queue) {
        for (int attempt = 0; ; attempt++) {
            long segment = kept.growth(size);
            long address = grow(segment, size, queue);
            if (address == 0) {
                address = kept.takeFromOthers(size, queue);
            }
            if (address == 0 && segment > size) {
                address = grow(size, size, queue);
            }
            if (address != 0) {
                return address;
            }
            if (attempt == COLLECTION_TRIES) {
                throw new OutOfDeviceMemoryException(message(asked));
            }
            if (attempt > 0) {
                collect(attempt);
            }
            address = kept.take(size, queue); // an array may have been freed
            if (address != 0) {
                return address;
            }
            trim();
        }
    }

    /** Has the system give memory, of which a block takes the beginning; 0 if it refuses or the budget does not allow it. */
    private long grow(long bytes, long size, Queue queue) {
        long address = 0;
        try {
            if (held.addAndGet(bytes) <= budget) {
                address = allocate.applyAsLong(bytes);
            }
        } finally {
            if (address == 0) {
                held.addAndGet(-bytes);
            }
        }
        return address == 0 ? 0 : kept.add(address, bytes, size, queue);
    }

    private String message(long asked) {
        long now = live.get();
        long free = held.get() - now;
        return "memory: asked for " + asked + " bytes, " + now + " bytes are held by live arrays of this process, "
                + (free > 0 ? free + " are kept between them, in pieces of at most " + kept.largestBytes() + ", " : "")
                + "the budget is " + budget + " bytes; " + remedy.get()
                + "; Scope.debugDump() names the live arrays of a thread";
    }

    /** Arrays outside any scope are freed by the garbage collector only: give it a reason and a moment to do so. */
    private static void collect(int attempt) {
        System.gc();
        LockSupport.parkNanos(10_000_000L << attempt);
    }

    /**
     * Returns kept memory to the system, each piece after its last use, even if that has failed. What lies between live
     * blocks cannot be returned.
     *
     * @throws IllegalStateException if work that uses a piece does not end; the piece is kept
     */
    public void trim() {
        awaitTrimming();
        try {
            kept.giveBack((address, bytes) -> {
                free.accept(address);
                held.addAndGet(-bytes);
            });
        } finally {
            trimming.unlock();
        }
    }

    /** Who needs memory, too, waits for what is being given back. */
    private void awaitTrimming() {
        try {
            if (trimming.tryLock(KeptBlocks.PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("memory: interrupted while another thread gives blocks back", e);
        }
        throw new IllegalStateException("memory: another thread has been giving blocks back for " + KeptBlocks.PATIENCE
                + ", which waits for work to end");
    }

    /**
     * Bytes in use by arrays, rounded up to sizes of blocks.
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
     * Bytes that are kept but cannot be returned to the system, because live blocks share their segments: they serve
     * only requests that fit between these.
     *
     * @return bytes lost to fragmentation for now; 0 where blocks are not split
     */
    public long fragmentedBytes() {
        return kept.fragmentedBytes();
    }

    /**
     * The maximum number of bytes that may be held.
     *
     * @return the budget
     */
    public long budget() {
        return budget;
    }
}
