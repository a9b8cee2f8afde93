package io.kiln.op.activation;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Creation;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/**
 * Continuously differentiable exponential unit, element by element: \(y = \max(0, x) + \min(0, \alpha (e^{x/\alpha} - 1))\) (Barron,
 * 2017). Shapes: y as x. Dtype: as x; float32 for
 * integers.
 *
 * @param alpha minus the limit for large negative elements, above 0
 */
public record Celu(double alpha) implements UnaryPointwise {
    /** Checks the limit. */
    public Celu {
        if (!(alpha > 0)) {
            throw new IllegalArgumentException("celu: alpha must be above 0, got " + alpha);
        }
    }

    @Override
    public Expr expression(Expr x) {
        return x.gt(0).select(x, x.div(Expr.constant(alpha)).expm1().mul(alpha));
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        NDArray low = x.mul(1 / alpha).minimum(Creation.zerosLike(x)).exp();
        return dy.mul(low);
    }
}
