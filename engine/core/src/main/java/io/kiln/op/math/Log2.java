package io.kiln.op.math;

import io.kiln.ndarray.NDArray;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/**
 * Logarithm to the base 2, element by element: \(y = \log_2 x\); NaN below 0. Shapes: y as x. Dtype: as x; float32 for
 * integers.
 */
public record Log2() implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return x.log().mul(1 / Math.log(2));
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return dy.div(x).mul(1 / Math.log(2));
    }
}
