package io.kiln.op.math;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.op.BinaryPointwise;
import io.kiln.pointwise.Expr;

/** True where a = b, element by element. Shapes: a and b broadcast to y. Dtype: bool. No gradient flows. */
public record Eq() implements BinaryPointwise {
    @Override
    public Expr expression(Expr a, Expr b) {
        return a.eq(b);
    }

    @Override
    public DType result(DType promoted) {
        return DType.BOOL;
    }

    @Override
    public NDArray gradientA(NDArray dy, NDArray a, NDArray b, NDArray y) {
        return null;
    }

    @Override
    public NDArray gradientB(NDArray dy, NDArray a, NDArray b, NDArray y) {
        return null;
    }
}
