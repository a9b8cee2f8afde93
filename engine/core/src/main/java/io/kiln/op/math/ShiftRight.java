package io.kiln.op.math;

import io.kiln.pointwise.Expr;

/**
 * Bits shifted right with sign extension, element by element: \(y = \lfloor a / 2^b \rfloor\); 0 or -1 for b below 0 or
 * beyond the bits. Shapes: a and b broadcast to y. Dtype: the promoted one, an integer or bool. No gradient flows.
 */
public record ShiftRight() implements BitwisePointwise {
    @Override
    public Expr expression(Expr a, Expr b) {
        return a.shiftRight(b);
    }
}
