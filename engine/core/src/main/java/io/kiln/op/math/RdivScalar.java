package io.kiln.op.math;

import io.kiln.ndarray.NDArray;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/**
 * Divides a number by every element: \(y = c / x\). Shapes: y as x. Dtype: as x; float32 for integers.
 *
 * @param c the number
 */
public record RdivScalar(double c) implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return Expr.constant(c).div(x);
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return dy.mul(y).div(x).neg();
    }
}
