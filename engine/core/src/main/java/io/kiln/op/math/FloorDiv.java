package io.kiln.op.math;

import io.kiln.ndarray.NDArray;
import io.kiln.op.BinaryPointwise;
import io.kiln.pointwise.Expr;

/**
 * Quotient rounded towards negative infinity, element by element: \(y = \lfloor a / b \rfloor\), as in Python;
 * integers by 0 give 0. Shapes: a and b broadcast to y. Dtype: the promoted one. The gradient is 0.
 */
public record FloorDiv() implements BinaryPointwise {
    @Override
    public Expr expression(Expr a, Expr b) {
        return a.div(b).floor();
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
