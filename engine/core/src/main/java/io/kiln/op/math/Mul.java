package io.kiln.op.math;

import io.kiln.ndarray.NDArray;
import io.kiln.op.BinaryPointwise;
import io.kiln.pointwise.Expr;

/** Product, element by element: \(y = a b\). Shapes: a and b broadcast to y. Dtype: the promoted one. */
public record Mul() implements BinaryPointwise {
    @Override
    public Expr expression(Expr a, Expr b) {
        return a.mul(b);
    }

    @Override
    public NDArray gradientA(NDArray dy, NDArray a, NDArray b, NDArray y) {
        return dy.mul(b);
    }

    @Override
    public NDArray gradientB(NDArray dy, NDArray a, NDArray b, NDArray y) {
        return dy.mul(a);
    }
}
