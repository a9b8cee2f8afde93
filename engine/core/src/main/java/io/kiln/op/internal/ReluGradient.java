package io.kiln.op.internal;

import io.kiln.ndarray.NDArray;
import io.kiln.op.BinaryPointwise;
import io.kiln.op.Dispatch;
import io.kiln.pointwise.Expr;

/** Lets a gradient through where the rectifier did: dy where y &gt; 0, else 0. Shapes: dy and y equal. */
public record ReluGradient() implements BinaryPointwise {
    @Override
    public Expr expression(Expr dy, Expr y) {
        return y.gt(0).select(dy, Expr.constant(0));
    }

    @Override
    public NDArray gradientA(NDArray ddy, NDArray dy, NDArray y, NDArray out) {
        return Dispatch.one(new ReluGradient(), ddy, y);
    }

    @Override
    public NDArray gradientB(NDArray ddy, NDArray dy, NDArray y, NDArray out) {
        return null;
    }
}
