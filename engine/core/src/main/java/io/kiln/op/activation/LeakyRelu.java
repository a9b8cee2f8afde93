package io.kiln.op.activation;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;
import io.kiln.op.UnaryPointwise;
import io.kiln.op.internal.LeakyReluGradient;
import io.kiln.pointwise.Expr;

/**
 * Leaky rectifier (Maas et al., 2013): x where x &gt; 0, else slope times x. Shapes: y as x. Dtype: as x; float32 for
 * integers. The gradient at 0 is the slope.
 *
 * @param slope factor of negative elements
 */
public record LeakyRelu(double slope) implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return x.gt(0).select(x, x.mul(slope));
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return Dispatch.one(new LeakyReluGradient(slope), dy, x);
    }
}
