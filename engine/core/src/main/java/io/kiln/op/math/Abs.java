package io.kiln.op.math;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/** Absolute value, element by element: \(y = |x|\). Shapes: y as x. Dtype: as x. The gradient at 0 is 0. */
public record Abs() implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return x.abs();
    }

    @Override
    public DType result(DType promoted) {
        return promoted;
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return dy.mul(Dispatch.one(new Sign(StraightThrough.NONE), x));
    }
}
