package io.kiln.backend;

import java.time.Duration;

/**
 * The order in which a device executes work: a CUDA stream, an OpenCL command queue, or, on the CPU, nothing at all,
 * because work there has ended when its call returns. Calls return before their work has ended; work of one queue runs
 * in the order of the calls, work of different queues in any order except for {@link #await}.
 *
 * <p>Each {@link Context} has a queue. To pass memory from one queue to another, record an event in the first and let
 * the second await it.
 *
 * <p>Life cycle: created by {@link Backend#newQueue}, closed by its creator; a backend's own {@link Backend#queue}
 * stays open. Concurrency: thread-safe, though each is intended for one thread.
 */
public interface Queue extends AutoCloseable {
    /**
     * Copies memory: within the device, from another device of its type to it, or between it and {@linkplain Backend#hostMemory
     * host memory}. The two may not overlap.
     *
     * @param to the destination
     * @param from the source, of the same length
     */
    void copy(Span to, Span from);

    /**
     * Fills memory of the device.
     *
     * @param to the bytes to fill
     * @param value the value of each byte
     */
    void fill(Span to, byte value);

    /**
     * Marks the end of the work submitted to the queue so far.
     *
     * @return its event; {@link Event#DONE} if work runs inline
     */
    Event record();

    /**
     * Delays work submitted from now on until an event, without blocking the caller.
     *
     * @param event an event of any queue of any device
     */
    void await(Event event);

    /**
     * Waits until all submitted work has ended.
     *
     * @param deadline the longest time to wait
     * @throws IllegalStateException if the deadline passes or work has failed; names the device
     * @throws RuntimeException if kernels have found values invalid, such as an index out of range, and it has not been
     *     reported before; all work has ended then, and the queue goes on
     */
    void synchronize(Duration deadline);

    /**
     * Waits for the submitted work and closes the queue. It can still {@link #await} and {@link #record}, since memory
     * allocated for its work may be returned later.
     *
     * @throws RuntimeException as {@link #synchronize} does, after closing the queue
     */
    @Override
    void close();
}
