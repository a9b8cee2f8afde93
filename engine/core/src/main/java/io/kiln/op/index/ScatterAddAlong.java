package io.kiln.op.index;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.internal.AlongAxis;

/**
 * Adds to entries along an axis, each row by its own indices; the reverse of {@link GatherAlong}: for axis 1 y = x,
 * then y[i,indices[i,j]] += updates[i,j]. Inputs: x, indices (int32 or int64; negative ones count from the end),
 * updates. Shapes: x and indices may differ only along the axis; updates as indices; y as x. Dtype: as x.
 *
 * @param axis the axis; negative ones count from the end
 */
public record ScatterAddAlong(int axis) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        AlongAxis.checkUpdates(name(), axis, inputs);
        return new Spec[] {inputs[0]};
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray x = inputs[0];
        int a = x.shape().axis(axis);
        NDArray flat = AlongAxis.flat(name(), inputs[1], x.shape().dim(a), a);
        NDArray sum = Dispatch.one(new ScatterAdd(0), AlongAxis.vector(x, a), flat, AlongAxis.vector(inputs[2], a));
        return new NDArray[] {AlongAxis.unvector(sum, x.shape(), a)};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray dy = c.outputGradient(0);
        return new NDArray[] {dy, null, c.needs(2) ? Dispatch.one(new GatherAlong(axis), dy, c.input(1)) : null};
    }
}
