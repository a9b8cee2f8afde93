package io.kiln.op.activation;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;
import io.kiln.op.UnaryPointwise;
import io.kiln.op.math.Elementwise;
import io.kiln.op.math.Masked;
import io.kiln.pointwise.Expr;

/**
 * Moves numbers towards 0, element by element: x - l above l, x + l below -l, else 0. Shapes: y as x. Dtype: as x; float32 for
 * integers.
 *
 * @param lambda l, at least 0
 */
public record SoftShrink(double lambda) implements UnaryPointwise {
    /** Checks the bound. */
    public SoftShrink {
        if (!(lambda >= 0)) {
            throw new IllegalArgumentException("softShrink: lambda must be at least 0, got " + lambda);
        }
    }

    @Override
    public Expr expression(Expr x) {
        return x.sub(x.max(-lambda).min(lambda));
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return Dispatch.one(new Masked(false), dy, Elementwise.abs(x).gt(lambda));
    }
}
