package io.kiln.autograd;

import io.kiln.ndarray.NDArray;

/**
 * An operation with a custom gradient: extend it, compute in {@link #forward}, and return the input gradients from
 * {@link #backward}. Values that backward needs are kept in fields, so an instance serves one {@link #apply}.
 *
 * <pre>{@code
 * class Round extends Function {
 *     protected NDArray[] forward(NDArray... x) { return new NDArray[] {Elementwise.round(x[0])}; }
 *     protected NDArray[] backward(NDArray... dy) { return new NDArray[] {dy[0]}; } // straight through
 * }
 * NDArray y = new Round().apply(x)[0];
 * }</pre>
 */
public abstract class Function {
    private boolean used;

    /** Creates the function. */
    protected Function() {}

    /**
     * Computes the outputs; not recorded.
     *
     * @param inputs the inputs
     * @return the outputs, new arrays
     */
    protected abstract NDArray[] forward(NDArray... inputs);

    /**
     * Computes the gradients of the inputs; recorded if higher derivatives are requested.
     *
     * @param outputGradients one per output, zeros if none flows
     * @return one per input, null if none flows
     */
    protected abstract NDArray[] backward(NDArray... outputGradients);

    /**
     * Runs the function.
     *
     * @param inputs the inputs
     * @return the outputs
     */
    public final NDArray[] apply(NDArray... inputs) {
        if (used) {
            throw new IllegalStateException(
                    getClass().getSimpleName() + ": an instance serves one apply; make a new one for each call");
        }
        used = true;
        for (NDArray x : inputs) {
            if (x.isTraced()) {
                throw new IllegalStateException(
                        getClass().getSimpleName() + ": a custom Function holds Java code and cannot"
                                + " travel in a graph; write it with operators, or as an io.kiln.op.CustomOp, to trace it");
            }
        }
        NDArray[] outputs;
        try (Autograd.Mode pause = Autograd.pauseKeepingMode()) {
            outputs = forward(inputs);
        }
        Autograd.record(this, inputs, outputs);
        return outputs;
    }
}
