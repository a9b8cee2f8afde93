package io.kiln.fake;

import java.util.concurrent.atomic.AtomicLong;

/** What a fake device was asked for. Concurrency: thread-safe. */
public final class Counters {
    final AtomicLong launches = new AtomicLong();
    final AtomicLong copies = new AtomicLong();
    final AtomicLong synchronizations = new AtomicLong();

    Counters() {}

    /**
     * Kernels and pointwise programs given to queues.
     *
     * @return how many so far
     */
    public long launches() {
        return launches.get();
    }

    /**
     * Copies given to queues.
     *
     * @return how many so far
     */
    public long copies() {
        return copies.get();
    }

    /**
     * How often a thread has waited for a queue or an event.
     *
     * @return how many times so far
     */
    public long synchronizations() {
        return synchronizations.get();
    }
}
