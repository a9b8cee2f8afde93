package io.kiln.op.index;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.internal.AlongAxis;

/**
 * Takes entries along an axis, each row by its own indices: for axis 1 y[i,j] = x[i,indices[i,j]]. Inputs: x, indices
 * (int32 or int64, negative ones count from the end). Shapes: x and indices may differ only along the axis; y as
 * indices. Dtype: as x.
 *
 * @param axis the axis; negative ones count from the end
 */
public record GatherAlong(int axis) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        AlongAxis.check(name(), inputs[0].shape(), axis, inputs[1]);
        return new Spec[] {new Spec(inputs[1].shape(), inputs[0].dtype())};
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray x = inputs[0];
        int a = x.shape().axis(axis);
        NDArray flat = AlongAxis.flat(name(), inputs[1], x.shape().dim(a), a);
        NDArray taken = Dispatch.one(new Gather(0), AlongAxis.vector(x, a), flat);
        return new NDArray[] {AlongAxis.unvector(taken, inputs[1].shape(), a)};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray x = c.input(0);
        NDArray zeros = x.factory().zeros(x.shape(), x.dtype());
        return new NDArray[] {Dispatch.one(new ScatterAddAlong(axis), zeros, c.input(1), c.outputGradient(0)), null};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return 0;
    }
}
