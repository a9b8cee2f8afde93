package io.kiln.op.index;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.internal.AlongAxis;
import io.kiln.op.internal.CompositeGradient;

/**
 * Writes, adds, multiplies or compares elements along an axis, each row by its own indices (ONNX's ScatterElements,
 * libtorch's scatter_reduce): for axis 1 y = x, then y[i,indices[i,j]] = mode(y[i,indices[i,j]], updates[i,j]), in
 * order of j. Inputs: x, indices (int32 or int64; negative ones count from the end), updates. Shapes: x and indices may
 * differ only along the axis; updates as indices; y as x. Dtype: as x. Gradients: as {@link Scatter}.
 *
 * @param axis the axis; negative ones count from the end
 * @param mode how updates are combined with elements
 */
public record ScatterAlong(int axis, ScatterMode mode) implements Operator {
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
        NDArray put = Dispatch.one(new Scatter(0, mode), AlongAxis.vector(x, a), flat, AlongAxis.vector(inputs[2], a));
        return new NDArray[] {AlongAxis.unvector(put, x.shape(), a)};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return CompositeGradient.of(this, c);
    }
}
