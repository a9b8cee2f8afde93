package io.kiln.op.index;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;

/**
 * Adds entries to zeros at the positions given by rows of indices; the reverse of {@link GatherNd}: y = 0, then
 * y[indices[i,0],…,indices[i,m-1],…] += updates[i,…], in order of i. Inputs: indices[…,m] (int32 or int64; negative
 * ones count from the ends of the first m axes), updates. Shapes: updates has all but the last axis of indices, then
 * those of y from axis m on. Dtype: as updates.
 *
 * @param shape shape of y
 */
public record ScatterNd(Shape shape) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        Shape part = new GatherNd().infer(new Spec(shape, inputs[1].dtype()), inputs[0])[0].shape();
        if (!part.accepts(inputs[1].shape())) {
            throw new ShapeException("scatterNd: y" + shape + " and indices" + inputs[0].shape() + " need updates"
                    + part + ", got updates" + inputs[1].shape());
        }
        return new Spec[] {new Spec(shape, inputs[1].dtype())};
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        Shape joined = GatherNd.joined(shape, (int) inputs[0].shape().dim(-1));
        NDArray zeros = inputs[1].factory().zeros(joined, inputs[1].dtype());
        NDArray flat = GatherNd.flat(name(), shape, inputs[0]);
        return new NDArray[] {
            Dispatch.one(new ScatterAdd(0), zeros, flat, inputs[1]).reshape(shape)
        };
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[] {null, Dispatch.one(new GatherNd(), c.outputGradient(0), c.input(0))};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return inputs[1].shape().size();
    }
}
