package io.kiln.op.math;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/** The integer part, element by element: x rounded towards 0. Shapes: y as x. Dtype: as x. No gradient flows. */
public record Trunc() implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return x.sign().mul(x.abs().floor());
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
