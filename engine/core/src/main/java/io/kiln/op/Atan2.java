package io.kiln.op;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.pointwise.Expr;

/**
 * Angle of the point (b, a) in radians, element by element: \(y = \operatorname{atan2}(a, b)\). Shapes: a and b
 * broadcast to y. Dtype: the promoted one; float32 for integers.
 */
public record Atan2() implements BinaryPointwise {
    @Override
    public Expr expression(Expr a, Expr b) {
        return a.atan2(b);
    }

    @Override
    public DType result(DType promoted) {
        return promoted.isFloating() ? promoted : DType.FLOAT32;
    }

    @Override
    public NDArray gradientA(NDArray dy, NDArray a, NDArray b, NDArray y) {
        return dy.mul(b).div(radius(a, b));
    }

    @Override
    public NDArray gradientB(NDArray dy, NDArray a, NDArray b, NDArray y) {
        return dy.mul(a).div(radius(a, b)).neg();
    }

    private static NDArray radius(NDArray a, NDArray b) {
        return Dispatch.one(new Square(), a).add(Dispatch.one(new Square(), b));
    }
}
