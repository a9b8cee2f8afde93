package io.kiln.op.math;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/**
 * Adds a number to every element: \(y = x + c\). Shapes: y as x. Dtype: as x; float32 when x is an integer and c is not.
 *
 * @param c the number
 */
public record AddScalar(double c) implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return x.add(c);
    }

    @Override
    public DType result(DType promoted) {
        return MulScalar.result(promoted, c);
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return dy;
    }
}
