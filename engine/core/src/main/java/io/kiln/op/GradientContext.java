package io.kiln.op;

import io.kiln.ndarray.NDArray;

/** What the gradient of an operator has access to. */
public interface GradientContext {
    /**
     * An input of the operator.
     *
     * @param i which, from 0
     * @return the array
     */
    NDArray input(int i);

    /**
     * The number of inputs.
     *
     * @return inputs
     */
    int inputs();

    /**
     * An output of the operator.
     *
     * @param i which, from 0
     * @return the array
     */
    NDArray output(int i);

    /**
     * The gradient with respect to an output.
     *
     * @param i which, from 0
     * @return the array, of the output's shape; null if no gradient flows into this output
     */
    NDArray outputGradient(int i);

    /**
     * Whether the gradient of an input is needed.
     *
     * @param i which, from 0
     * @return false if it may be left out
     */
    boolean needs(int i);

    /**
     * Whether the operator ran in train mode.
     *
     * @return true for train mode
     */
    boolean training();

    /**
     * Runs the operator that computes this gradient in one kernel. If the backend keeps {@linkplain
     * io.kiln.backend.Backend#residuals residuals} of the operator, the kernel gets them as well.
     *
     * @param gradient the gradient's operator
     * @param arrays its inputs
     * @return its outputs
     */
    default NDArray[] run(Operator gradient, NDArray... arrays) {
        return Dispatch.run(gradient, arrays);
    }
}
