package io.kiln.op.math;

import io.kiln.ndarray.NDArray;
import io.kiln.op.BinaryPointwise;
import io.kiln.pointwise.Expr;

/** Sum, element by element: \(y = a + b\). Shapes: a and b broadcast to y. Dtype: the promoted one. */
public record Add() implements BinaryPointwise {
    @Override
    public Expr expression(Expr a, Expr b) {
        return a.add(b);
    }

    @Override
    public NDArray gradientA(NDArray dy, NDArray a, NDArray b, NDArray y) {
        return dy;
    }

    @Override
    public NDArray gradientB(NDArray dy, NDArray a, NDArray b, NDArray y) {
        return dy;
    }
}
