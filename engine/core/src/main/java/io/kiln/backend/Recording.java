package io.kiln.backend;

/**
 * Work that a queue has {@linkplain Queue#capture captured} and that can be given to it again, whole. Until it is
 * closed it keeps the memory that the work uses, freed blocks included.
 *
 * <p>Concurrency: as its queue.
 */
public interface Recording extends AutoCloseable {
    /**
     * Gives all of the work to the queue, in one call. What changes from run to run is found anew: random operators
     * take their draws of the calling thread's generator, and scalars are read from the arrays in which they were given
     * ({@link Backend#run}). Everything else, addresses and shapes above all, is as it was captured. Writes to arrays
     * are not counted: that is the caller's task.
     *
     * @throws DeviceFailedException if the device has failed
     */
    void replay();

    /** Frees the work and the memory that nobody else holds, once the replays have ended. */
    @Override
    void close();
}
