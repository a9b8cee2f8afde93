package io.kiln.op.math;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/**
 * Multiplies every element by a number: \(y = c x\). Shapes: y as x. Dtype: as x; float32 when x is an integer and c is not.
 *
 * @param c the number
 */
public record MulScalar(double c) implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return x.mul(c);
    }

    @Override
    public DType result(DType promoted) {
        return result(promoted, c);
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return dy.mul(c);
    }

    static DType result(DType x, double c) {
        if (x.isFloating() || c == Math.rint(c)) {
            return x == DType.BOOL ? DType.INT64 : x;
        }
        return DType.FLOAT32;
    }
}
