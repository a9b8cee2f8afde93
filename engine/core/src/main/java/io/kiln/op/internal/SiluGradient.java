package io.kiln.op.internal;

import io.kiln.ndarray.NDArray;
import io.kiln.op.BinaryPointwise;
import io.kiln.op.Dispatch;
import io.kiln.op.activation.Sigmoid;
import io.kiln.op.activation.Silu;
import io.kiln.pointwise.Expr;

/**
 * The gradient of {@link Silu}: \(dy \, \sigma(x) (1 + x (1 - \sigma(x)))\). Shapes: dy and x equal. Dtype: the promoted one.
 */
public record SiluGradient() implements BinaryPointwise {
    @Override
    public Expr expression(Expr dy, Expr x) {
        Expr s = x.sigmoid();
        return dy.mul(s).mul(Expr.constant(1).sub(s).mul(x).add(1));
    }

    @Override
    public NDArray gradientA(NDArray ddy, NDArray dy, NDArray x, NDArray out) {
        return Dispatch.one(this, ddy, x);
    }

    @Override
    public NDArray gradientB(NDArray ddy, NDArray dy, NDArray x, NDArray out) {
        NDArray s = Dispatch.one(new Sigmoid(), x);
        NDArray slope =
                Dispatch.one(new SigmoidGradient(), s.mul(-2).add(1).mul(x).add(2), s);
        return ddy.mul(dy).mul(slope);
    }
}
