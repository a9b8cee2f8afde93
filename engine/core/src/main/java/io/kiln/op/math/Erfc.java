package io.kiln.op.math;

import io.kiln.ndarray.NDArray;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/**
 * Complement of the error function, element by element: \(y = 1 - \operatorname{erf}(x)\), exact in the tail. Shapes: y as x. Dtype:
 * as x; float32 for integers.
 */
public record Erfc() implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return x.erfc();
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return dy.mul(x.square().neg().exp()).mul(-2 / Math.sqrt(Math.PI));
    }
}
