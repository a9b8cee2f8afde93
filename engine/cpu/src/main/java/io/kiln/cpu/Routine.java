package io.kiln.cpu;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Operator;

/** Computes operators of one class from inputs of any layout into row-major outputs. */
@FunctionalInterface
public interface Routine {
    /**
     * Computes an operator.
     *
     * @param operator the operator with its attributes
     * @param inputs its inputs, in any strides
     * @param outputs row-major arrays for its outputs
     */
    void run(Operator operator, NDArray[] inputs, NDArray[] outputs);
}
