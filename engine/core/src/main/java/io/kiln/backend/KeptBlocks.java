package io.kiln.backend;

import java.time.Duration;

/**
 * The memory that an {@link Allocator} has from the system and keeps: how large a request's block is, which block it
 * gets, and what can be given back. Addresses are the system's handles; 0 stands for none.
 *
 * <p>Concurrency: thread-safe.
 */
interface KeptBlocks {
    /** The longest wait for work that uses memory which is given back. */
    Duration PATIENCE = Duration.ofMinutes(5);

    /** Returns memory to the system that nothing uses any more. */
    @FunctionalInterface
    interface Release {
        /** Returns what the system gave in one piece, of so many bytes. */
        void giveBack(long address, long bytes);
    }

    /** The size of the block for a request, which {@link #take} and {@link #keep} are called with. */
    long blockSize(long bytes);

    /** How much memory to ask the system for, to begin with, where no block of this size is kept. */
    long growth(long size);

    /** Takes over memory from the system and returns a block at its beginning. */
    long add(long address, long bytes, long size, Queue queue);

    /** A kept block for work in a queue; 0 if there is none to be had without disturbing other queues. */
    long take(long size, Queue queue);

    /**
     * A kept block for work in a queue, where the system has no more memory to give: it waits for the queues that
     * used the block.
     *
     * @throws RuntimeException if it cannot wait, as the device has failed; the block is kept
     */
    long takeFromOthers(long size, Queue queue);

    /** Keeps a block that a queue has used last; null where work runs inline. */
    void keep(long address, long size, Queue home);

    /**
     * Gives back all that can be, each piece after its last use, even if that has failed.
     *
     * @throws IllegalStateException if work that uses a piece does not end; the piece is kept
     */
    void giveBack(Release release);

    /** Bytes that are kept but cannot be given back, since blocks in use lie between them. */
    long fragmentedBytes();

    /** The largest block that is kept. */
    long largestBytes();

    /** Waits until nothing uses memory any more, which is also the case if the work has failed. */
    static void awaitEnd(Event event) {
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
}
