package io.kiln.op.math;

import io.kiln.ndarray.NDArray;
import io.kiln.op.BinaryPointwise;
import io.kiln.op.Dispatch;
import io.kiln.pointwise.Expr;

/**
 * Remainder with the sign of the divisor, element by element: \(y = a - \lfloor a / b \rfloor b\), as in Python;
 * integers by 0 give 0. Shapes: a and b broadcast to y. Dtype: the promoted one.
 */
public record Mod() implements BinaryPointwise {
    @Override
    public Expr expression(Expr a, Expr b) {
        return a.mod(b);
    }

    @Override
    public NDArray gradientA(NDArray dy, NDArray a, NDArray b, NDArray y) {
        return dy;
    }

    @Override
    public NDArray gradientB(NDArray dy, NDArray a, NDArray b, NDArray y) {
        return dy.mul(Dispatch.one(new FloorDiv(), a, b)).neg();
    }
}
