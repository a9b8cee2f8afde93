package io.kiln.op.nn;

import io.kiln.ndarray.NDArray;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/**
 * Parabola around 0 and straight lines outside, element by element: \(x^2/(2\beta)\) where \(|x| &lt; \beta\), else \(|x| -
 * \beta/2\) (Huber, 1964; Girshick, ICCV 2015). Shapes: y as x. Dtype: as x; float32 for
 * integers.
 *
 * @param beta \(\beta\), where the parabola ends, above 0
 */
public record SmoothL1(double beta) implements UnaryPointwise {
    /** Checks the bound. */
    public SmoothL1 {
        if (!(beta > 0)) {
            throw new IllegalArgumentException("smoothL1: beta must be above 0, got " + beta);
        }
    }

    @Override
    public Expr expression(Expr x) {
        Expr a = x.abs();
        return a.lt(beta).select(a.mul(a).mul(0.5 / beta), a.sub(beta / 2));
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return dy.mul(x.mul(1 / beta).clip(-1, 1));
    }
}
