package io.kiln.backend;

import io.kiln.ndarray.NDArray;
import java.util.List;

/**
 * Adds up and distributes arrays of several devices of one process, all devices at once, where that is quicker than copies
 * one by one. Work is given to the calling thread's queue of each device; calls return before it has ended. If it fails,
 * or does not end in time, the devices count as {@linkplain DeviceFailedException failed}, because they wait for each other.
 *
 * <p>Arrays are row-major and not empty. The caller counts the writes ({@link Storage#bumpVersion}). Life cycle: from
 * {@link Backend#collective}, closed by whoever asked for it. Concurrency: thread-safe.
 */
public interface Collective extends AutoCloseable {
    /**
     * Adds up arrays in an order of its own, which is always the same between the same devices.
     *
     * @param from one array on each of the devices, in any order, all of one shape and one floating dtype
     * @param to the sum, an array like these on one of the devices, in memory of its own
     * @throws NotCapturableException while one of the queues captures
     * @throws IllegalStateException if the work is refused or earlier work has failed; names the devices
     */
    void reduce(List<NDArray> from, NDArray to);

    /**
     * Copies an array to all devices.
     *
     * @param from an array on one of the devices, of a floating dtype
     * @param to one array like it on each of the devices, in any order, in memory of their own
     * @throws NotCapturableException while one of the queues captures
     * @throws IllegalStateException if the work is refused or earlier work has failed; names the devices
     */
    void broadcast(NDArray from, List<NDArray> to);

    /**
     * Waits for the work that was given and frees what it took of the devices.
     *
     * @throws IllegalStateException if the work has failed, or does not end in time
     */
    @Override
    void close();
}
