package io.kiln.op.internal;

import io.kiln.ndarray.NDArray;
import io.kiln.op.BinaryPointwise;
import io.kiln.op.Dispatch;
import io.kiln.pointwise.Expr;

/**
 * Lets a gradient through where the clipped value did not change: dy where min &le; x &le; max, else 0. Shapes: dy
 * and x broadcast to out. Dtype: the promoted one.
 *
 * @param min the lower bound
 * @param max the upper bound
 */
public record ClipGradient(double min, double max) implements BinaryPointwise {
    @Override
    public Expr expression(Expr dy, Expr x) {
        return x.lt(min).or(x.gt(max)).select(Expr.constant(0), dy);
    }

    @Override
    public NDArray gradientA(NDArray ddy, NDArray dy, NDArray x, NDArray out) {
        return Dispatch.one(new ClipGradient(min, max), ddy, x);
    }

    @Override
    public NDArray gradientB(NDArray ddy, NDArray dy, NDArray x, NDArray out) {
        return null;
    }
}
