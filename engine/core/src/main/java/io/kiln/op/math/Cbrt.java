package io.kiln.op.math;

import io.kiln.ndarray.NDArray;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/**
 * Cube root, element by element: \(y = \sqrt[3]{x}\), negative for negative x. Shapes: y as x. Dtype: as x; float32 for
 * integers.
 */
public record Cbrt() implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return x.cbrt();
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return dy.div(y.mul(y).mul(3));
    }
}
