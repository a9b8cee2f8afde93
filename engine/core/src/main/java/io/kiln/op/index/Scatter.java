package io.kiln.op.index;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.math.Masked;
import io.kiln.op.math.Where;
import java.util.Arrays;

/**
 * Writes entries at given indices of an axis, as NumPy's x[indices] = updates, or adds, multiplies or compares them:
 * for axis 0 y = x, then y[indices[i],…] = mode(y[indices[i],…], updates[i,…]), in order of i. Inputs: x, indices
 * (int32 or int64; negative ones count from the end), updates. Shapes: y as x; updates as {@link Gather} gives. Dtype:
 * as x.
 *
 * <p>Gradients: with SET that of an entry flows to its last update; with MIN and MAX it is shared equally among the
 * elements that are extreme.
 *
 * @param axis the axis; negative ones count from the end
 * @param mode how updates are combined with entries
 */
public record Scatter(int axis, ScatterMode mode) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        Shape part = new Gather(axis).infer(inputs[0], inputs[1])[0].shape();
        if (inputs.length != 3 || !part.accepts(inputs[2].shape())) {
            throw new ShapeException("scatter: x" + inputs[0].shape() + " and indices" + inputs[1].shape()
                    + " need updates" + part + ", got " + (inputs.length < 3 ? "none" : inputs[2].shape()));
        }
        if (inputs[2].dtype() != inputs[0].dtype()) {
            throw new IllegalArgumentException("scatter: x and updates must be of one dtype, got " + inputs[0] + " and "
                    + inputs[2] + "; cast one of them");
        }
        return new Spec[] {inputs[0]};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray dy = c.outputGradient(0);
        NDArray indices = c.input(1);
        return switch (mode) {
            case ADD -> new NDArray[] {dy, null, take(dy, indices)};
            case SET -> set(dy, indices);
            case MUL -> product(c, dy, indices);
            case MIN, MAX -> extreme(c, dy, indices);
        };
    }

    private NDArray take(NDArray x, NDArray indices) {
        return Dispatch.one(new Gather(axis, true), x, indices);
    }

    private NDArray put(ScatterMode how, NDArray x, NDArray indices, NDArray updates) {
        return Dispatch.one(new Scatter(axis, how), x, indices, updates);
    }

    /** The last update of an entry is the one whose number remains there. */
    private NDArray[] set(NDArray dy, NDArray indices) {
        NDArray numbers =
                indices.factory().arange(0, indices.size(), 1, DType.INT64).reshape(indices.shape());
        NDArray none = dy.factory().full(Shape.of(dy.shape().dim(axis)), -1, DType.INT64);
        NDArray left = Dispatch.one(new Scatter(0, ScatterMode.SET), none, indices, numbers);
        NDArray last = Dispatch.one(new Gather(0, true), left, indices).eq(numbers);
        int a = dy.shape().axis(axis);
        int behind = dy.shape().rank() - 1 - a;
        NDArray kept = Dispatch.one(new Masked(false), dy, left.lt(0).reshape(behindAxis(left.shape(), behind)));
        NDArray taken =
                Dispatch.one(new Masked(false), take(dy, indices), last.reshape(behindAxis(last.shape(), behind)));
        return new NDArray[] {kept, null, taken};
    }

    private static Shape behindAxis(Shape shape, int axes) {
        long[] d = Arrays.copyOf(shape.dims(), shape.rank() + axes);
        Arrays.fill(d, shape.rank(), d.length, 1);
        return Shape.of(d);
    }

    /** The product of the other factors: without division by those that are 0. */
    private NDArray[] product(GradientContext c, NDArray dy, NDArray indices) {
        NDArray x = c.input(0);
        NDArray u = c.input(2);
        NDArray one = x.factory().scalar(1, x.dtype());
        NDArray xIsZero = x.eq(0);
        NDArray uIsZero = u.eq(0);
        NDArray xs = Dispatch.one(new Where(), xIsZero, one, x);
        NDArray us = Dispatch.one(new Where(), uIsZero, one, u);
        NDArray rest = put(ScatterMode.MUL, xs, indices, us);
        NDArray zeros = put(ScatterMode.ADD, xIsZero.cast(x.dtype()), indices, uIsZero.cast(x.dtype()));
        return new NDArray[] {
            dy.mul(others(rest, zeros, xs, xIsZero)),
            null,
            take(dy, indices).mul(others(take(rest, indices), take(zeros, indices), us, uIsZero))
        };
    }

    private static NDArray others(NDArray rest, NDArray zeros, NDArray factor, NDArray isZero) {
        NDArray allowed = Dispatch.one(new Where(), isZero, zeros.eq(1), zeros.eq(0));
        return Dispatch.one(new Masked(false), rest.div(factor), allowed);
    }

    private NDArray[] extreme(GradientContext c, NDArray dy, NDArray indices) {
        NDArray y = c.output(0);
        NDArray xWins = c.input(0).eq(y);
        NDArray uWins = c.input(2).eq(take(y, indices));
        NDArray count = put(ScatterMode.ADD, xWins.cast(dy.dtype()), indices, uWins.cast(dy.dtype()));
        NDArray share = dy.div(count.clip(1, Double.POSITIVE_INFINITY));
        return new NDArray[] {
            Dispatch.one(new Masked(false), share, xWins),
            null,
            Dispatch.one(new Masked(false), take(share, indices), uWins)
        };
    }
}
