package io.kiln.op.math;

import io.kiln.ndarray.NDArray;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/**
 * Inverse of the logistic function, element by element: \(y = \ln\frac{x}{1 - x}\) of x from 0 to 1, infinite there; NaN
 * outside. Shapes: y as x. Dtype: as x; float32 for
 * integers.
 */
public record Logit() implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        // Around 1/2, where the logarithms cancel, ln(x / (1 - x)) = ln(1 + (2x - 1)/(1 - x)).
        Expr rest = Expr.constant(1).sub(x);
        Expr near = x.add(x).sub(1).div(rest).log1p();
        return x.sub(0.5).abs().lt(0.25).select(near, x.log().sub(x.neg().log1p()));
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return dy.div(x.mul(Elementwise.sub(1, x)));
    }
}
