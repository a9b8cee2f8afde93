package io.kiln.op.index;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;

/**
 * The k largest (or smallest) elements along an axis, the most extreme first, and their indices; of equals, the first.
 * Outputs: values (dtype as x), indices (int64). NaN counts as the largest.
 *
 * @param k how many
 * @param axis the axis; negative ones count from the end
 * @param largest whether the largest are wanted
 */
public record TopK(long k, int axis, boolean largest) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        Shape x = inputs[0].shape();
        long n = x.dim(axis);
        if (k < 0 || n != Shape.UNKNOWN && k > n) {
            throw new ShapeException("topK: k must be from 0 to the size of axis " + axis + " of x" + x + ", got " + k);
        }
        Shape y = x.with(axis, k);
        return new Spec[] {new Spec(y, inputs[0].dtype()), new Spec(y, DType.INT64)};
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray order = Dispatch.one(new ArgSort(axis, largest), inputs[0]);
        NDArray first = order.slice(axis, 0, k).copy();
        return new NDArray[] {Dispatch.one(new GatherAlong(axis), inputs[0], first), first};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray x = c.input(0);
        if (c.outputGradient(0) == null) {
            return new NDArray[1];
        }
        NDArray zeros = x.factory().zeros(x.shape(), x.dtype());
        return new NDArray[] {Dispatch.one(new ScatterAddAlong(axis), zeros, c.output(1), c.outputGradient(0))};
    }
}
