package io.kiln.op;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;

/** An operator of one input whose output is the same memory seen differently; no backend takes part. */
public interface ViewOperator extends Operator {
    /**
     * Makes the view.
     *
     * @param x the input
     * @param output what the shape rule says of the output
     * @return a view of x, or of a row-major copy where strides cannot express it
     */
    NDArray view(NDArray x, Spec output);

    @Override
    default long flops(Spec[] inputs, Spec[] outputs) {
        return 0;
    }
}
