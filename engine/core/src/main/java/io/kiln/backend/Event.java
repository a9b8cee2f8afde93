package io.kiln.backend;

import java.time.Duration;

/**
 * A point in a {@link Queue}: everything that was submitted to the queue before it was recorded. Freed memory carries
 * the event of its last use.
 *
 * <p>Concurrency: thread-safe.
 */
public interface Event {
    /** The event of finished work, such as all work of a queue that runs inline. */
    Event DONE = new Event() {
        @Override
        public boolean isDone() {
            return true;
        }

        @Override
        public void synchronize(Duration deadline) {
            // there is nothing to wait for
        }
    };

    /**
     * Whether the work before the event has ended.
     *
     * @return true once it has, even if it has failed: then nothing uses its memory any more
     */
    boolean isDone();

    /**
     * Waits until the work before the event has ended.
     *
     * @param deadline the longest time to wait
     * @throws IllegalStateException if the deadline passes or the work has failed; names the device
     */
    void synchronize(Duration deadline);
}
