package io.kiln.op.activation;

import io.kiln.ndarray.NDArray;
import io.kiln.op.UnaryPointwise;
import io.kiln.op.math.Elementwise;
import io.kiln.pointwise.Expr;

/**
 * Softsign, element by element: \(y = x / (1 + |x|)\) (Glorot and Bengio, 2010); -1 and 1 at infinity. Shapes: y as x. Dtype: as x; float32 for
 * integers.
 */
public record Softsign() implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        Expr bounded = x.div(x.abs().add(1));
        return x.abs().eq(Double.POSITIVE_INFINITY).select(x.sign(), bounded);
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        NDArray root = Elementwise.abs(x).add(1);
        return dy.div(root.mul(root));
    }
}
