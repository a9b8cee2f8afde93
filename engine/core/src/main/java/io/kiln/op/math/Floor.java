package io.kiln.op.math;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/** Largest integer at most x, element by element. Shapes: y as x. Dtype: as x. The gradient is 0. */
public record Floor() implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return x.floor();
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
