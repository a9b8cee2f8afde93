package io.kiln.op.internal;

import io.kiln.ndarray.NDArray;
import io.kiln.op.BinaryPointwise;
import io.kiln.op.Dispatch;
import io.kiln.op.activation.LeakyRelu;
import io.kiln.pointwise.Expr;

/**
 * The gradient of {@link LeakyRelu}: dy where x &gt; 0, else slope times dy. Shapes: dy and x equal. Dtype: the
 * promoted one.
 *
 * @param slope factor of negative elements
 */
public record LeakyReluGradient(double slope) implements BinaryPointwise {
    @Override
    public Expr expression(Expr dy, Expr x) {
        return x.gt(0).select(dy, dy.mul(slope));
    }

    @Override
    public NDArray gradientA(NDArray ddy, NDArray dy, NDArray x, NDArray out) {
        return Dispatch.one(new LeakyReluGradient(slope), ddy, x);
    }

    @Override
    public NDArray gradientB(NDArray ddy, NDArray dy, NDArray x, NDArray out) {
        return null;
    }
}
