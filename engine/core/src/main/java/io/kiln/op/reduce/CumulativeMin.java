package io.kiln.op.reduce;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;

/**
 * Running minimum along an axis, and its index: of equals the last one, as in PyTorch. From the first NaN on it is NaN.
 * Outputs: values (shape and dtype as x), indices (int64).
 *
 * @param axis the axis; negative ones count from the end
 */
public record CumulativeMin(int axis) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        inputs[0].shape().axis(axis);
        return new Spec[] {inputs[0], new Spec(inputs[0].shape(), DType.INT64)};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[] {CumulativeMax.scatter(c, axis)};
    }
}
