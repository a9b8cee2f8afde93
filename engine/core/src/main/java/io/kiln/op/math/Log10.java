package io.kiln.op.math;

import io.kiln.ndarray.NDArray;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/**
 * Logarithm to the base 10, element by element: \(y = \log_{10} x\); NaN below 0. Shapes: y as x. Dtype: as x; float32 for
 * integers.
 */
public record Log10() implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return x.log().mul(1 / Math.log(10));
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return dy.div(x).mul(1 / Math.log(10));
    }
}
