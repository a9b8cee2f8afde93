package io.kiln.op.distributed;

import io.kiln.ndarray.NDArray;

/**
 * Sums an array over the workers of a group, as a KVStore's module does. Every worker of the group makes the same
 * number of calls, in the same order and with the same shapes.
 */
@FunctionalInterface
public interface WorkerSum {
    /**
     * Replaces the elements by their sums over the workers.
     *
     * @param x this worker's part, overwritten
     */
    void sum(NDArray x);
}
