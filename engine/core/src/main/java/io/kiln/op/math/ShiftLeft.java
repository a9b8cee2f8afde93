package io.kiln.op.math;

import io.kiln.pointwise.Expr;

/**
 * Bits shifted left, element by element: \(y = a \cdot 2^b\); 0 for b below 0 or beyond the bits. Shapes: a and b
 * broadcast to y. Dtype: the promoted one, an integer or bool. No gradient flows.
 */
public record ShiftLeft() implements BitwisePointwise {
    @Override
    public Expr expression(Expr a, Expr b) {
        return a.shiftLeft(b);
    }
}
