package io.kiln.op.activation;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;
import io.kiln.op.UnaryPointwise;
import io.kiln.op.internal.SiluGradient;
import io.kiln.pointwise.Expr;

/**
 * Sigmoid linear unit, also called swish (Elfwing et al., 2017): \(y = x \, \sigma(x)\). Shapes: y as x. Dtype: as x;
 * float32 for integers.
 */
public record Silu() implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return x.mul(x.sigmoid());
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return Dispatch.one(new SiluGradient(), dy, x);
    }
}
