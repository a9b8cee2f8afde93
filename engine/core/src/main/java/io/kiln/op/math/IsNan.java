package io.kiln.op.math;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/** True where x is NaN, element by element. Shapes: y as x. Dtype: bool. No gradient flows. */
public record IsNan() implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return x.isNan();
    }

    @Override
    public DType result(DType promoted) {
        return DType.BOOL;
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return null;
    }
}
