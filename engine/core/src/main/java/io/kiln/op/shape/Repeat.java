package io.kiln.op.shape;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;

/**
 * Repeats each entry of an axis: x[a,b] becomes y[a,b count] for axis 1, equal entries adjacent. Dtype: as x.
 *
 * @param count how often
 * @param axis the axis; negative ones count from the end
 */
public record Repeat(long count, int axis) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        Shape x = inputs[0].shape();
        if (count < 0) {
            throw new ShapeException("repeat: count must be at least 0, got " + count);
        }
        long n = x.dim(axis);
        return new Spec[] {
            new Spec(x.with(axis, n == Shape.UNKNOWN ? n : Math.multiplyExact(n, count)), inputs[0].dtype())
        };
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray x = inputs[0];
        int a = x.shape().axis(axis);
        NDArray all = x.expandDims(a + 1).broadcastTo(x.shape().insert(a + 1, count));
        return new NDArray[] {all.copy().reshape(infer(x.spec())[0].shape())};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        Shape x = c.input(0).shape();
        int a = x.axis(axis);
        NDArray dy = c.outputGradient(0).reshape(x.insert(a + 1, count));
        return new NDArray[] {dy.sum(a + 1)};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return 0;
    }
}
