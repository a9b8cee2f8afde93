package io.kiln.backend;

import java.time.Duration;

/**
 * A point in a {@link Queue}: everything that was given to the queue before it was recorded. Memory that is to be used again
 * carries the event of its last use.
 *
 * <p>Concurrency: thread-safe.
 */
public interface Event {
    /** The event of work that has ended, such as all work of a queue that runs inline. */
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
     * @return true once it has, also when it has failed: then nothing uses its memory any more
     */
    boolean isDone();

    /**
     * Waits until the work before the event has ended.
     *
     * @param deadline how long at most
     * @throws IllegalStateException when the deadline passes or the work has failed; it names the device
     */
    void synchronize(Duration deadline);
}
