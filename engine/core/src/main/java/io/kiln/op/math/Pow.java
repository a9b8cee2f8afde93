package io.kiln.op.math;

import io.kiln.ndarray.NDArray;
import io.kiln.op.BinaryPointwise;
import io.kiln.op.Dispatch;
import io.kiln.pointwise.Expr;

/**
 * Power, element by element: \(y = a^b\). Shapes: a and b broadcast to y. Dtype: the promoted one. The gradient with respect
 * to a is 0 where b = 0, the one with respect to b is 0 where a = 0, so that \(0^b\) has a gradient.
 */
public record Pow() implements BinaryPointwise {
    @Override
    public Expr expression(Expr a, Expr b) {
        return a.pow(b);
    }

    @Override
    public NDArray gradientA(NDArray dy, NDArray a, NDArray b, NDArray y) {
        NDArray g = dy.mul(b).mul(Dispatch.one(new Pow(), a, b.sub(1)));
        return Dispatch.one(new Masked(true), g, Dispatch.one(new CompareScalar(Comparison.EQ, 0), b));
    }

    @Override
    public NDArray gradientB(NDArray dy, NDArray a, NDArray b, NDArray y) {
        NDArray g = dy.mul(y).mul(Dispatch.one(new Log(), a));
        return Dispatch.one(new Masked(true), g, Dispatch.one(new CompareScalar(Comparison.EQ, 0), a));
    }
}
