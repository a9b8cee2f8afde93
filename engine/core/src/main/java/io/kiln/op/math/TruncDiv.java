package io.kiln.op.math;

import io.kiln.ndarray.NDArray;
import io.kiln.op.BinaryPointwise;
import io.kiln.pointwise.Expr;

/**
 * Quotient rounded towards 0, element by element: \(y = \operatorname{trunc}(a / b)\), as C and Java divide integers; {@link FloorDiv}
 * rounds downwards. Integers by 0 give 0. Shapes: a and b broadcast to y. Dtype: the promoted one. Its derivative is 0.
 */
public record TruncDiv() implements BinaryPointwise {
    @Override
    public Expr expression(Expr a, Expr b) {
        Expr floor = a.div(b).floor();
        return floor.add(floor.lt(0).and(a.fmod(b).ne(Expr.constant(0))));
    }

    @Override
    public NDArray gradientA(NDArray dy, NDArray a, NDArray b, NDArray y) {
        return null;
    }

    @Override
    public NDArray gradientB(NDArray dy, NDArray a, NDArray b, NDArray y) {
        return null;
    }
}
