package io.kiln.op.activation;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;
import io.kiln.op.UnaryPointwise;
import io.kiln.op.internal.EluGradient;
import io.kiln.pointwise.Expr;

/**
 * Scaled exponential linear unit (Klambauer et al., 2017): \(\lambda x\) where x &gt; 0, else \(\lambda \alpha (e^x -
 * 1)\), with the constants that keep mean 0 and variance 1. Shapes: y as x. Dtype: as x; float32 for integers.
 */
public record Selu() implements UnaryPointwise {
    private static final double ALPHA = 1.6732632423543772;
    private static final double SCALE = 1.0507009873554805;

    @Override
    public Expr expression(Expr x) {
        return x.gt(0).select(x, x.expm1().mul(ALPHA)).mul(SCALE);
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return Dispatch.one(new EluGradient(ALPHA, SCALE), dy, x);
    }
}
