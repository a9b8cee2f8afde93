package io.kiln.op.math;

import io.kiln.pointwise.Expr;

/**
 * Bits set in at least one, element by element: \(y = a \mid b\). Shapes: a and b broadcast to y. Dtype: the promoted
 * one, an integer or bool. No gradient flows.
 */
public record BitwiseOr() implements BitwisePointwise {
    @Override
    public Expr expression(Expr a, Expr b) {
        return a.bitOr(b);
    }
}
