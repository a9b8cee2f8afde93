package io.kiln.op.index;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;

/**
 * Sorts the elements along an axis; NaN counts as the largest. Shapes: y as x. Dtype: as x.
 *
 * @param axis the axis; negative ones count from the end
 * @param descending whether the largest comes first
 */
public record Sort(int axis, boolean descending) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        inputs[0].shape().axis(axis);
        return inputs;
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray order = Dispatch.one(new ArgSort(axis, descending), inputs[0]);
        return new NDArray[] {Dispatch.one(new GatherAlong(axis), inputs[0], order)};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray x = c.input(0);
        NDArray order = Dispatch.one(new ArgSort(axis, descending), x);
        NDArray zeros = x.factory().zeros(x.shape(), x.dtype());
        return new NDArray[] {Dispatch.one(new ScatterAddAlong(axis), zeros, order, c.outputGradient(0))};
    }
}
