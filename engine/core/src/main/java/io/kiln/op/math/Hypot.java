package io.kiln.op.math;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.op.BinaryPointwise;
import io.kiln.op.Creation;
import io.kiln.op.Dispatch;
import io.kiln.pointwise.Expr;

/**
 * Length of the hypotenuse, element by element: \(y = \sqrt{a^2 + b^2}\), without intermediate overflow; infinite if
 * one is infinite and none NaN, NaN if one is NaN. Shapes: a and b broadcast to y. Dtype: the promoted one. The
 * gradient at (0, 0) is 0.
 */
public record Hypot() implements BinaryPointwise {
    @Override
    public Expr expression(Expr a, Expr b) {
        Expr large = a.abs().max(b.abs());
        Expr ratio = a.abs().min(b.abs()).div(large);
        Expr length = ratio.mul(ratio).add(1).sqrt().mul(large);
        return large.eq(0).or(large.eq(Double.POSITIVE_INFINITY)).select(large, length);
    }

    @Override
    public DType result(DType promoted) {
        return promoted.isFloating() ? promoted : DType.FLOAT32;
    }

    @Override
    public NDArray gradientA(NDArray dy, NDArray a, NDArray b, NDArray y) {
        return share(dy, a, y);
    }

    @Override
    public NDArray gradientB(NDArray dy, NDArray a, NDArray b, NDArray y) {
        return share(dy, b, y);
    }

    private static NDArray share(NDArray dy, NDArray operand, NDArray y) {
        return dy.mul(operand).div(divisor(y));
    }

    /** The length, or 1 where it is 0: what is divided by it is 0 there as well. */
    static NDArray divisor(NDArray length) {
        return Dispatch.one(new Where(), length.ne(0), length, Creation.onesLike(length));
    }
}
