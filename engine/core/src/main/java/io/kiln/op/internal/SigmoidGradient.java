package io.kiln.op.internal;

import io.kiln.ndarray.NDArray;
import io.kiln.op.BinaryPointwise;
import io.kiln.op.Dispatch;
import io.kiln.op.activation.Sigmoid;
import io.kiln.pointwise.Expr;

/**
 * The gradient of {@link Sigmoid} from its output: \(dy \, y (1 - y)\). Shapes: dy and y equal. Dtype: the promoted
 * one.
 */
public record SigmoidGradient() implements BinaryPointwise {
    @Override
    public Expr expression(Expr dy, Expr y) {
        return dy.mul(y).mul(Expr.constant(1).sub(y));
    }

    @Override
    public NDArray gradientA(NDArray ddy, NDArray dy, NDArray y, NDArray out) {
        return Dispatch.one(new SigmoidGradient(), ddy, y);
    }

    @Override
    public NDArray gradientB(NDArray ddy, NDArray dy, NDArray y, NDArray out) {
        return ddy.mul(dy).mul(y.mul(-2).add(1));
    }
}
