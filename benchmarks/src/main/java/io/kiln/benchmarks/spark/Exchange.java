package io.kiln.benchmarks.spark;

import java.io.IOException;
import java.io.Serializable;
import java.nio.ByteBuffer;

/** A way to sum the arrays of two executors, made anew in the tasks of each block of steps. */
public interface Exchange extends AutoCloseable {

    /**
     * Replaces the array, on both executors, by the sum of both arrays.
     *
     * @param array floats, direct, in native order, of an even number
     * @param step counts up from 0, the same on both executors
     */
    void sum(ByteBuffer array, int step) throws IOException;

    /** Cleans up after a step, when both executors have what they need; not timed. */
    default void settle(int step) {}

    @Override
    void close() throws IOException;

    /** Makes an exchange in a task, after the ranks know each other. Travels to the executors. */
    interface Maker extends Serializable {
        /**
         * Called by both ranks at the same time.
         *
         * @param link between the two tasks
         * @param floats length of the arrays
         */
        Exchange make(Link link, int floats) throws IOException;
    }
}
