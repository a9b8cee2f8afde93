package io.kiln.op.activation;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/**
 * Smooth rectifier, element by element: \(y = \ln(1 + e^x) = \max(x, 0) + \ln(1 + e^{-|x|})\). Shapes: y as x. Dtype:
 * as x; float32 for integers.
 */
public record Softplus() implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return x.max(0).add(x.abs().neg().exp().log1p());
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return dy.mul(Dispatch.one(new Sigmoid(), x));
    }
}
