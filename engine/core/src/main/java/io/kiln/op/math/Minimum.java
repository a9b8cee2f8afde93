package io.kiln.op.math;

import io.kiln.ndarray.NDArray;
import io.kiln.op.BinaryPointwise;
import io.kiln.op.Dispatch;
import io.kiln.op.internal.ExtremumGradient;
import io.kiln.pointwise.Expr;

/**
 * The smaller of two, element by element: \(y = \min(a, b)\); NaN if one is NaN. Shapes: a and b broadcast to y.
 * Dtype: the promoted one. The gradient goes to the smaller operand; at a tie each gets half of it.
 */
public record Minimum() implements BinaryPointwise {
    @Override
    public Expr expression(Expr a, Expr b) {
        return a.min(b);
    }

    @Override
    public NDArray gradientA(NDArray dy, NDArray a, NDArray b, NDArray y) {
        return Dispatch.one(new ExtremumGradient(true), dy, a, b);
    }

    @Override
    public NDArray gradientB(NDArray dy, NDArray a, NDArray b, NDArray y) {
        return Dispatch.one(new ExtremumGradient(true), dy, b, a);
    }
}
