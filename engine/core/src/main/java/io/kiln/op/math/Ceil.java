package io.kiln.op.math;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/** Smallest integer at least x, element by element. Shapes: y as x. Dtype: as x. The gradient is 0. */
public record Ceil() implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return x.ceil();
    }

    @Override
    public DType result(DType promoted) {
        return promoted;
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return null;
    }
}
