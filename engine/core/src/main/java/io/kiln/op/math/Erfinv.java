package io.kiln.op.math;

import io.kiln.ndarray.NDArray;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/**
 * Inverse of the error function, element by element: erf(y) = x for x from -1 to 1, infinite there; NaN outside. Shapes: y as x. Dtype: as x; float32 for
 * integers.
 */
public record Erfinv() implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return x.erfinv();
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return dy.mul(y.square().exp()).mul(Math.sqrt(Math.PI) / 2);
    }
}
