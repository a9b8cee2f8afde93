package io.kiln.cpu;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Operator;

/** Runs operators of one class. */
@FunctionalInterface
public interface Kernel {
    /**
     * Runs an operator. Shapes and dtypes have been checked by the operator's rule.
     *
     * @param operator the operator with its attributes
     * @param inputs its inputs, in any strides; the caller keeps them alive during the call
     * @param outputs what the operator's rule says of the outputs
     * @return new arrays or views of the inputs; null when this kernel declines, and the next one is asked
     */
    NDArray[] run(Operator operator, NDArray[] inputs, Spec[] outputs);
}
