package io.kiln.op.math;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/**
 * Nearest integer, ties to even, element by element. Shapes: y as x. Dtype: as x. The gradient is 0, or passes
 * unchanged with straightThrough, as quantised networks need.
 *
 * @param straightThrough whether the gradient passes as if y were x
 */
public record Round(boolean straightThrough) implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return x.round();
    }

    @Override
    public DType result(DType promoted) {
        return promoted;
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return straightThrough ? dy : null;
    }
}
