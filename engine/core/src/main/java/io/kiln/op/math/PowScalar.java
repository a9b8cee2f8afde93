package io.kiln.op.math;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/**
 * Raises every element to a power: \(y = x^c\). Shapes: y as x. Dtype: as x; float32 when x is an integer and c is not a
 * whole number at least 0.
 *
 * @param c the exponent
 */
public record PowScalar(double c) implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return x.pow(Expr.constant(c));
    }

    @Override
    public DType result(DType promoted) {
        return promoted.isFloating() || c >= 0 ? MulScalar.result(promoted, c) : DType.FLOAT32;
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        if (c == 0) {
            return null;
        }
        return c == 1 ? dy : dy.mul(Dispatch.one(new PowScalar(c - 1), x)).mul(c);
    }
}
