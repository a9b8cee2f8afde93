package io.kiln.op.internal;

import io.kiln.ndarray.NDArray;
import io.kiln.op.BinaryPointwise;
import io.kiln.op.Dispatch;
import io.kiln.op.math.Tanh;
import io.kiln.pointwise.Expr;

/**
 * The gradient of {@link Tanh} from its output: \(dy \, (1 - y^2)\). Shapes: dy and y equal. Dtype: the promoted one.
 */
public record TanhGradient() implements BinaryPointwise {
    @Override
    public Expr expression(Expr dy, Expr y) {
        return dy.mul(Expr.constant(1).sub(y.mul(y)));
    }

    @Override
    public NDArray gradientA(NDArray ddy, NDArray dy, NDArray y, NDArray out) {
        return Dispatch.one(new TanhGradient(), ddy, y);
    }

    @Override
    public NDArray gradientB(NDArray ddy, NDArray dy, NDArray y, NDArray out) {
        return ddy.mul(dy).mul(y).mul(-2);
    }
}
