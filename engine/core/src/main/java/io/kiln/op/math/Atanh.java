package io.kiln.op.math;

import io.kiln.ndarray.NDArray;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/**
 * Inverse hyperbolic tangent, element by element: \(y = \frac12 \ln\frac{1 + x}{1 - x}\) of x from -1 to 1, infinite there; NaN
 * outside. Shapes: y as x. Dtype: as x; float32 for
 * integers.
 */
public record Atanh() implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return x.log1p().sub(x.neg().log1p()).mul(0.5);
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return dy.div(Elementwise.sub(1, x).mul(x.add(1)));
    }
}
