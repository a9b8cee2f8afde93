package io.kiln.op.math;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/**
 * Derivatives of {@link Digamma}, element by element: \(y = \psi^{(n)}(x)\); infinite at 0, -1, -2, …. Shapes: y as x. Dtype:
 * as x; float32 for integers.
 *
 * @param n how often the digamma function is differentiated, from 1 to 20
 */
public record Polygamma(int n) implements UnaryPointwise {
    private static final int LAST = 20;

    /** Checks n. */
    public Polygamma {
        if (n < 1 || n > LAST) {
            throw new IllegalArgumentException("polygamma: n must be from 1 to " + LAST + ", got " + n);
        }
    }

    @Override
    public Expr expression(Expr x) {
        return Expr.constant(n).polygamma(x);
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        if (n == LAST) {
            throw new UnsupportedOperationException("polygamma: derivatives go up to n = " + LAST);
        }
        return dy.mul(Dispatch.one(new Polygamma(n + 1), x));
    }
}
