package io.kiln.op.reduce;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Creation;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.index.ScatterAddAlong;

/**
 * Running maximum along an axis, and its index: of equals the last one, as in PyTorch. From the first NaN on it is NaN.
 * Outputs: values (shape and dtype as x), indices (int64).
 *
 * @param axis the axis; negative ones count from the end
 */
public record CumulativeMax(int axis) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        inputs[0].shape().axis(axis);
        return new Spec[] {inputs[0], new Spec(inputs[0].shape(), DType.INT64)};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[] {scatter(c, axis)};
    }

    /** Adds the gradients at the positions of the values. */
    static NDArray scatter(GradientContext c, int axis) {
        if (c.outputGradient(0) == null) {
            return null;
        }
        NDArray zeros = Creation.zerosLike(c.input(0));
        return Dispatch.one(new ScatterAddAlong(axis), zeros, c.output(1), c.outputGradient(0));
    }
}
