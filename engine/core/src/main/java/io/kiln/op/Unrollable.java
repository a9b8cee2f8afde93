package io.kiln.op;

import io.kiln.ndarray.NDArray;

/** An operator that runs other operators, which are recorded in its place while autograd records. */
public interface Unrollable extends Operator {
    /**
     * Runs the operator while autograd records.
     *
     * @param inputs the inputs
     * @return the outputs, each of them recorded
     */
    NDArray[] unrolled(NDArray... inputs);
}
