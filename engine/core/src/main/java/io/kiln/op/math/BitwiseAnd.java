package io.kiln.op.math;

import io.kiln.pointwise.Expr;

/**
 * Bits set in both, element by element: \(y = a \mathbin{\mathrm{and}} b\). Shapes: a and b broadcast to y. Dtype: the
 * promoted one, an integer or bool. No gradient flows.
 */
public record BitwiseAnd() implements BitwisePointwise {
    @Override
    public Expr expression(Expr a, Expr b) {
        return a.bitAnd(b);
    }
}
