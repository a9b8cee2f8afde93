package io.kiln.op.math;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.op.BinaryPointwise;
import io.kiln.op.Creation;
import io.kiln.op.Dispatch;
import io.kiln.pointwise.Expr;

/**
 * Product with a logarithm, element by element: \(y = a \ln b\), 0 where a is 0 unless b is NaN. Shapes: a and b broadcast to y. Dtype:
 * the promoted one; float32 for integers. The gradient with respect to a is 0 where a is 0 and b is not above 0.
 */
public record Xlogy() implements BinaryPointwise {
    @Override
    public Expr expression(Expr a, Expr b) {
        Expr product = a.eq(0).select(Expr.constant(0), a.mul(b.log()));
        return b.isNan().select(b, product);
    }

    @Override
    public DType result(DType promoted) {
        return promoted.isFloating() ? promoted : DType.FLOAT32;
    }

    @Override
    public NDArray gradientA(NDArray dy, NDArray a, NDArray b, NDArray y) {
        NDArray gone = Elementwise.logicalAnd(a.eq(0), b.le(0));
        NDArray safe = Dispatch.one(new Where(), gone, Creation.onesLike(b), b);
        return dy.mul(safe.log());
    }

    @Override
    public NDArray gradientB(NDArray dy, NDArray a, NDArray b, NDArray y) {
        return dy.mul(a.div(b));
    }
}
