package io.kiln.op.math;

import io.kiln.pointwise.Expr;

/** The six comparisons. With NaN all are false but {@link #NE}. */
public enum Comparison {
    /** a = b. */
    EQ,
    /** a differs from b. */
    NE,
    /** a &lt; b. */
    LT,
    /** a &le; b. */
    LE,
    /** a &gt; b. */
    GT,
    /** a &ge; b. */
    GE;

    Expr of(Expr a, Expr b) {
        return switch (this) {
            case EQ -> a.eq(b);
            case NE -> a.ne(b);
            case LT -> a.lt(b);
            case LE -> a.le(b);
            case GT -> a.gt(b);
            case GE -> a.ge(b);
        };
    }
}
