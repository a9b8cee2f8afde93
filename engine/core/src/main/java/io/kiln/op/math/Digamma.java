package io.kiln.op.math;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/**
 * Derivative of the logarithm of the gamma function, element by element: \(y = \psi(x) = \Gamma'(x)/\Gamma(x)\); minus infinity at
 * 0, infinity at -0, NaN at -1, -2, …. Shapes: y as x. Dtype: as x; float32 for integers.
 */
public record Digamma() implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return x.digamma();
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return dy.mul(Dispatch.one(new Polygamma(1), x));
    }
}
