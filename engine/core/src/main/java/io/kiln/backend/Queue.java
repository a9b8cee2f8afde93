package io.kiln.backend;

import java.time.Duration;

/**
 * The order in which a device does what it is given: a CUDA stream, an OpenCL command queue, or, on the processor, nothing at
 * all, as work there has ended when its call returns. Calls return before their work has ended; work of one queue runs in the
 * order of the calls, work of several queues in any order but for {@link #await}.
 *
 * <p>Each {@link Context} has a queue. Whoever hands memory from one queue to another records an event in the first and has
 * the second await it.
 *
 * <p>Life cycle: made by {@link Backend#newQueue}, closed by whoever made it; a backend's own {@link Backend#queue} stays.
 * Concurrency: thread-safe, though each is meant for one thread.
 */
public interface Queue extends AutoCloseable {
    /**
     * Copies memory: within the device, from another device of its type to it, or between it and {@linkplain Backend#hostMemory
     * host memory}. The two may not overlap.
     *
     * @param to where it goes
     * @param from what is copied, of the same length
     */
    void copy(Span to, Span from);

    /**
     * Fills memory of the device.
     *
     * @param to which bytes
     * @param value of each byte
     */
    void fill(Span to, byte value);

    /**
     * Marks the end of what was given to the queue so far.
     *
     * @return its event; {@link Event#DONE} where work runs inline
     */
    Event record();

    /**
     * Lets what is given to the queue from now on begin only after an event, without waiting for it here.
     *
     * @param event an event of any queue of any device
     */
    void await(Event event);

    /**
     * Waits until everything that was given to the queue has ended.
     *
     * @param deadline how long at most
     * @throws IllegalStateException when the deadline passes or work has failed; it names the device
     * @throws RuntimeException what kernels have found wrong with the values that they were given, such as an index out of range,
     *     unless it was told before
     */
    void synchronize(Duration deadline);

    /**
     * Waits for what was given to the queue, and gives it up. It can still {@link #await} and {@link #record}, as memory that was
     * handed out for its work may come back later.
     *
     * @throws RuntimeException as {@link #synchronize} does, once the queue is given up
     */
    @Override
    void close();
}
