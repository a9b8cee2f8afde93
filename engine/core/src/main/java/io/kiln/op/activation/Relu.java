package io.kiln.op.activation;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;
import io.kiln.op.UnaryPointwise;
import io.kiln.op.internal.ReluGradient;
import io.kiln.pointwise.Expr;

/** Rectifier: \(y = \max(x, 0)\). Shapes: y as x. Dtype: as x. The gradient at 0 is 0. */
public record Relu() implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return x.max(0);
    }

    @Override
    public DType result(DType promoted) {
        return promoted;
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return Dispatch.one(new ReluGradient(), dy, y);
    }
}
