package io.kiln.op.math;

import io.kiln.ndarray.NDArray;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/**
 * Divides every element by a number: \(y = x / c\). Shapes: y as x. Dtype: as x; float32 for integers.
 *
 * @param c the number
 */
public record DivScalar(double c) implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return x.div(c);
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return dy.div(c);
    }
}
