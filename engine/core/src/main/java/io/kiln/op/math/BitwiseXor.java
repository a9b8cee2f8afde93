package io.kiln.op.math;

import io.kiln.pointwise.Expr;

/**
 * Bits set in exactly one, element by element: \(y = a \oplus b\). Shapes: a and b broadcast to y. Dtype: the promoted
 * one, an integer or bool. No gradient flows.
 */
public record BitwiseXor() implements BitwisePointwise {
    @Override
    public Expr expression(Expr a, Expr b) {
        return a.bitXor(b);
    }
}
