package io.kiln.op.math;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.op.BinaryPointwise;
import io.kiln.pointwise.Expr;

/**
 * Quotient, element by element: \(y = a / b\), always the true one. Shapes: a and b broadcast to y. Dtype: the
 * promoted one; float32 for integers.
 */
public record Div() implements BinaryPointwise {
    @Override
    public Expr expression(Expr a, Expr b) {
        return a.div(b);
    }

    @Override
    public DType result(DType promoted) {
        return promoted.isFloating() ? promoted : DType.FLOAT32;
    }

    @Override
    public NDArray gradientA(NDArray dy, NDArray a, NDArray b, NDArray y) {
        return dy.div(b);
    }

    @Override
    public NDArray gradientB(NDArray dy, NDArray a, NDArray b, NDArray y) {
        return dy.mul(y).div(b).neg();
    }
}
