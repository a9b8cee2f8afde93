package io.kiln.backend;

import io.kiln.ndarray.NDArray;

/** The work of a {@link KernelPlan}. */
@FunctionalInterface
public interface Kernel {
    /**
     * Does the work in the {@linkplain Context#queue queue} of the calling thread.
     *
     * @param inputs arrays with the planned layouts; the caller keeps them alive during the call
     * @param outputs arrays with the planned strides, completely overwritten; they share no memory with the inputs
     *     unless the operator says so
     * @param workspace memory of the planned size with arbitrary content; null if none was requested
     */
    void run(NDArray[] inputs, NDArray[] outputs, Span workspace);

    /**
     * Returns a kernel that does the same for a caller that runs it repeatedly, one thread at a time. It may keep what
     * it finds out while it runs.
     *
     * @return the caller's own kernel, or this one if there is nothing to keep
     */
    default Kernel repeated() {
        return this;
    }
}
