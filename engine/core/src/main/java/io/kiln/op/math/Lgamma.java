package io.kiln.op.math;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/**
 * Logarithm of the gamma function, element by element: \(y = \ln |\Gamma(x)|\); infinite at 0, -1, -2, …. Shapes: y as x. Dtype:
 * as x; float32 for integers.
 */
public record Lgamma() implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return x.lgamma();
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return dy.mul(Dispatch.one(new Digamma(), x));
    }
}
