package io.kiln.op.math;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/**
 * Subtracts every element from a number: \(y = c - x\). Shapes: y as x. Dtype: as x; float32 when x is an integer and
 * c is not.
 *
 * @param c the number
 */
public record RsubScalar(double c) implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return Expr.constant(c).sub(x);
    }

    @Override
    public DType result(DType promoted) {
        return MulScalar.result(promoted, c);
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return dy.neg();
    }
}
