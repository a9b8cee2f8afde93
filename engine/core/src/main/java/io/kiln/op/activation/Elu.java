package io.kiln.op.activation;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;
import io.kiln.op.UnaryPointwise;
import io.kiln.op.internal.EluGradient;
import io.kiln.pointwise.Expr;

/**
 * Exponential linear unit (Clevert et al., 2015): x where x &gt; 0, else \(\alpha (e^x - 1)\). Shapes: y as x. Dtype:
 * as x; float32 for integers.
 *
 * @param alpha minus the limit for large negative elements
 */
public record Elu(double alpha) implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return x.gt(0).select(x, x.expm1().mul(alpha));
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return Dispatch.one(new EluGradient(alpha, 1), dy, x);
    }
}
