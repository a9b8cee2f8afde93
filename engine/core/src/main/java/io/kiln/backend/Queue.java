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
     * Copies memory: within the device, from another device of its type to it, or between it and {@linkplain
     * Backend#hostMemory host memory}. The two may not overlap.
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
     * Whether it takes no more work.
     *
     * @return true once it has been closed
     */
    default boolean isClosed() {
        return false;
    }

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
     * Keeps the work that code gives to this queue on the calling thread, which does not run yet: {@link
     * Recording#replay} runs it, any number of times. The code itself runs once, with effects of its own on Java's
     * side; the thread's random generator is put back. Before it is captured it should have run as it is, so that
     * memory is there, kernels are built and algorithms are chosen. Other threads may use the queue meanwhile.
     *
     * @param work gives work to the queue; it reads no values, writes none from Java and waits for nothing
     * @return the work, to be closed
     * @throws NotCapturableException if the device cannot repeat the work by itself; nothing has run, and the queue
     *     goes on, as it does after any other exception of the code
     * @throws UnsupportedOperationException if the device does not {@linkplain Traits#captures capture}
     */
    default Recording capture(Runnable work) {
        throw new UnsupportedOperationException("capture: this device runs work as it is given");
    }

    /**
     * Runs code of the host between the work given so far and the work that follows. What is {@linkplain #capture
     * captured} is cut there: the code does not run now, but in each replay, on the thread that replays, when the work
     * before it has been given to the queue and the work after it has not.
     *
     * @param host what to run; it may give work to the queue, wait for it and read values, as outside of a capture
     */
    default void between(Runnable host) {
        host.run();
    }

    /**
     * Whether it captures what the calling thread gives to it.
     *
     * @return true within {@link #capture}
     */
    default boolean isCapturing() {
        return false;
    }

    /**
     * Waits for the submitted work and closes the queue. It can still {@link #await} and {@link #record}, since memory
     * allocated for its work may be returned later.
     *
     * @throws RuntimeException as {@link #synchronize} does, after closing the queue
     */
    @Override
    void close();
}
