package io.kiln.op.math;

import io.kiln.ndarray.NDArray;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/**
 * Exponential minus one, exact near 0, element by element: \(y = e^x - 1\). Shapes: y as x. Dtype: as x; float32 for
 * integers.
 */
public record Expm1() implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return x.expm1();
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return dy.mul(y.add(1));
    }
}
