package io.kiln.op.math;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.op.BinaryPointwise;
import io.kiln.op.Dispatch;
import io.kiln.op.activation.Sigmoid;
import io.kiln.pointwise.Expr;

/**
 * Logarithm of the sum of exponentials of two numbers, without overflow: \(y = \ln(e^a + e^b)\). Shapes: a and b broadcast to y. Dtype:
 * the promoted one; float32 for integers.
 */
public record LogAddExp() implements BinaryPointwise {
    @Override
    public Expr expression(Expr a, Expr b) {
        Expr least = a.sub(b).abs().neg();
        return a.eq(b).select(a.add(Math.log(2)), a.max(b).add(least.exp().log1p()));
    }

    @Override
    public DType result(DType promoted) {
        return promoted.isFloating() ? promoted : DType.FLOAT32;
    }

    @Override
    public NDArray gradientA(NDArray dy, NDArray a, NDArray b, NDArray y) {
        return dy.mul(Dispatch.one(new Sigmoid(), a.sub(b)));
    }

    @Override
    public NDArray gradientB(NDArray dy, NDArray a, NDArray b, NDArray y) {
        return dy.mul(Dispatch.one(new Sigmoid(), b.sub(a)));
    }
}
