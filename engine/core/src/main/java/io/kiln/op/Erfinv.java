package io.kiln.op;

import io.kiln.ndarray.NDArray;
import io.kiln.pointwise.Expr;

/**
 * Inverse of the error function, element by element: erf(y) = x for x from -1 to 1, infinite there; NaN outside. From Winitzki's
 * approximation (2008) by three steps of Halley's method. Shapes: y as x. Dtype: as x; float32 for
 * integers.
 */
public record Erfinv() implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        double a = 0.147;
        Expr l = x.mul(x).neg().log1p();
        Expr t = l.mul(0.5).add(2 / (Math.PI * a));
        Expr y = x.sign()
                .mul(t.mul(t).sub(l.div(Expr.constant(a))).sqrt().sub(t).max(0).sqrt());
        for (int i = 0; i < 3; i++) {
            Expr u = y.erf().sub(x).mul(y.mul(y).exp()).mul(Math.sqrt(Math.PI) / 2);
            y = y.sub(u.div(y.mul(u).add(1)));
        }
        return x.abs().eq(1).select(x.mul(Double.POSITIVE_INFINITY), y);
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return dy.mul(y.square().exp()).mul(Math.sqrt(Math.PI) / 2);
    }
}
