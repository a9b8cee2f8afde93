package io.kiln.op.index;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;

/**
 * Indices that sort the elements along an axis. Equal elements keep their order; NaN counts as the largest. Shapes: y
 * as x. Dtype: int64. No gradient flows.
 *
 * @param axis the axis; negative ones count from the end
 * @param descending whether the largest comes first
 */
public record ArgSort(int axis, boolean descending) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        inputs[0].shape().axis(axis);
        return new Spec[] {new Spec(inputs[0].shape(), DType.INT64)};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[1];
    }
}
