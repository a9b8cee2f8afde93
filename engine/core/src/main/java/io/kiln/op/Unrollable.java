package io.kiln.op;

import io.kiln.ndarray.NDArray;

/** An operator that runs other operators; autograd records those instead of it. */
public interface Unrollable extends Operator {
    /**
     * Runs the operator while autograd records.
     *
     * @param inputs the inputs
     * @return the outputs, each of them recorded
     */
    NDArray[] unrolled(NDArray... inputs);
}
