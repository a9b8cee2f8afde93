package io.kiln.kvstore.transport;

import java.util.concurrent.locks.LockSupport;

/**
 * One message in transit.
 *
 * <p>Concurrency: one network thread advances it, one other thread at a time waits for it.
 */
public final class Transfer {
    private static final long POLL_NANOS = 5_000_000;
    private static final int SPINS = 200;

    /** What a wait checks besides the bytes. */
    interface Watch {
        /** Throws if the group has failed or the task was killed. */
        void check();

        /** The maximum duration of one wait in nanoseconds. */
        long timeoutNanos();

        /** Ends the group because a wait has timed out; returns the exception to throw. */
        RuntimeException timedOut(String what, long seconds);
    }

    private final Watch watch;
    private final String what;
    private final int peer;
    private final long bytes;
    private volatile long progress;
    private volatile boolean complete;
    private volatile Thread waiter;
    private volatile long wanted;

    Transfer(Watch watch, String what, int peer, long bytes) {
        this.watch = watch;
        this.what = what;
        this.peer = peer;
        this.bytes = bytes;
    }

    /**
     * Returns the length of the message.
     *
     * @return the number of bytes
     */
    public long bytes() {
        return bytes;
    }

    /**
     * How much of a received message is in place.
     *
     * @return the number of bytes from the start of the message
     */
    public long progress() {
        return progress;
    }

    /**
     * Waits until the first bytes of a received message are in place.
     *
     * @param count the number of bytes
     * @throws io.kiln.kvstore.PeerFailedException if a rank has failed
     * @throws io.kiln.kvstore.KVStoreException if the transport's deadline has passed
     */
    public void await(long count) {
        if (!reached(count)) {
            spinThenPark(count);
        }
    }

    /**
     * Waits until the whole message is in place (receive) or its memory is free again (send).
     *
     * @throws io.kiln.kvstore.PeerFailedException if a rank has failed
     * @throws io.kiln.kvstore.KVStoreException if the transport's deadline has passed
     */
    public void await() {
        await(Long.MAX_VALUE);
    }

    /** Called by the network: {@code total} bytes are in place. */
    void advance(long total) {
        progress = total;
        wake();
    }

    /** Called by the network: the memory is no longer in use. */
    void finish() {
        complete = true;
        wake();
    }

    boolean isComplete() {
        return complete;
    }

    private boolean reached(long count) {
        return complete || progress >= count;
    }

    private void wake() {
        Thread w = waiter;
        if (w != null && reached(wanted)) {
            LockSupport.unpark(w);
        }
    }

    private void spinThenPark(long count) {
        for (int i = 0; i < SPINS; i++) {
            Thread.onSpinWait();
            if (reached(count)) {
                return;
            }
        }
        long start = System.nanoTime();
        wanted = count;
        waiter = Thread.currentThread();
        try {
            while (!reached(count)) {
                watch.check();
                if (System.nanoTime() - start > watch.timeoutNanos()) {
                    throw watch.timedOut(
                            "%s rank %d: %d of %d bytes there".formatted(what, peer, progress, bytes),
                            watch.timeoutNanos() / 1_000_000_000L);
                }
                LockSupport.parkNanos(this, POLL_NANOS);
            }
        } finally {
            waiter = null;
        }
    }
}
