package io.kiln.op.index;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.internal.CompositeGradient;

/**
 * Writes, adds, multiplies or compares entries at the positions given by rows of indices (ONNX's ScatterND): y = x,
 * then y[indices[i,0],…,indices[i,m-1],…] = mode(y[…], updates[i,…]), in order of i. Inputs: x, indices[…,m] (int32 or
 * int64; negative ones count from the end), updates. Shapes: updates has all but the last axis of indices, then those
 * of x from axis m on; y as x. Dtype: as x. Gradients: as {@link Scatter}.
 *
 * @param mode how updates are combined with entries
 */
public record ScatterNdUpdate(ScatterMode mode) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        Shape part = new GatherNd().infer(inputs[0], inputs[1])[0].shape();
        if (!part.accepts(inputs[2].shape()) || inputs[2].dtype() != inputs[0].dtype()) {
            throw new ShapeException("scatterNdUpdate: x " + inputs[0] + " and indices" + inputs[1].shape()
                    + " need updates " + inputs[0].dtype() + part + ", got updates " + inputs[2]);
        }
        return new Spec[] {inputs[0]};
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray x = inputs[0];
        Shape joined = GatherNd.joined(x.shape(), (int) inputs[1].shape().dim(-1));
        NDArray flat = GatherNd.flat(name(), x.shape(), inputs[1]);
        NDArray put = Dispatch.one(new Scatter(0, mode), x.reshape(joined), flat, inputs[2]);
        return new NDArray[] {put.reshape(x.shape())};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return CompositeGradient.of(this, c);
    }
}
