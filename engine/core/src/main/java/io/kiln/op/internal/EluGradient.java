package io.kiln.op.internal;

import io.kiln.ndarray.NDArray;
import io.kiln.op.BinaryPointwise;
import io.kiln.op.Dispatch;
import io.kiln.op.activation.Elu;
import io.kiln.op.activation.Selu;
import io.kiln.op.math.Exp;
import io.kiln.op.math.Masked;
import io.kiln.pointwise.Expr;

/**
 * The gradient of {@link Elu} and {@link Selu}: scale times dy where x &gt; 0, else \(scale \, \alpha e^x dy\). Shapes: dy and x
 * equal. Dtype: the promoted one.
 *
 * @param alpha minus the limit of the unit for large negative elements
 * @param scale factor of the unit
 */
public record EluGradient(double alpha, double scale) implements BinaryPointwise {
    @Override
    public Expr expression(Expr dy, Expr x) {
        return dy.mul(x.gt(0).select(Expr.constant(scale), x.exp().mul(alpha * scale)));
    }

    @Override
    public NDArray gradientA(NDArray ddy, NDArray dy, NDArray x, NDArray out) {
        return Dispatch.one(this, ddy, x);
    }

    @Override
    public NDArray gradientB(NDArray ddy, NDArray dy, NDArray x, NDArray out) {
        NDArray g = ddy.mul(dy).mul(Dispatch.one(new Exp(), x)).mul(alpha * scale);
        return Dispatch.one(new Masked(true), g, x.gt(0));
    }
}
