package io.kiln.backend;

import io.kiln.ndarray.NDArray;

/** The work of a {@link KernelPlan}. */
@FunctionalInterface
public interface Kernel {
    /**
     * Does the work in the {@linkplain Context#queue queue} of the calling thread.
     *
     * @param inputs arrays of the layouts that were planned for; the caller keeps them alive during the call
     * @param outputs arrays of the planned strides, overwritten whole whatever they hold; they share no memory with the inputs
     *     unless the operator says so
     * @param workspace memory of the planned size with arbitrary content; null when none was asked for
     */
    void run(NDArray[] inputs, NDArray[] outputs, Span workspace);

    /**
     * A kernel that does the same for a caller that runs it again and again, one thread at a time. It may keep what it finds
     * while it runs.
     *
     * @return the caller's own kernel, or this one when there is nothing to keep
     */
    default Kernel repeated() {
        return this;
    }
}
