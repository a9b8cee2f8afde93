package io.kiln.op;

import io.kiln.ndarray.NDArray;
import io.kiln.pointwise.Expr;

/**
 * Derivative of the logarithm of the gamma function, element by element: \(y = \psi(x) = \Gamma'(x)/\Gamma(x)\); minus infinity at
 * 0, NaN at -1, -2, …. By its asymptotic series from 8 on, below it by \(\psi(x + 1) = \psi(x) + 1/x\), and by reflection below
 * 1/2. Shapes: y as x. Dtype: as x; float32 for
 * integers.
 */
public record Digamma() implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        Expr mirrored = x.lt(0.5);
        Expr z = mirrored.select(Expr.constant(1).sub(x), x);
        Expr small = z.lt(8);
        Expr far = small.select(z.add(8), z);
        Expr steps = z.reciprocal();
        for (int i = 1; i < 8; i++) {
            steps = steps.add(z.add(i).reciprocal());
        }
        Expr w = far.mul(far).reciprocal();
        Expr series = Expr.constant(1 / 12.0);
        for (double c : new double[] {-691 / 32760.0, 1 / 132.0, -1 / 240.0, 1 / 252.0, -1 / 120.0, 1 / 12.0}) {
            series = series.mul(w).add(c);
        }
        Expr asymptotic = far.log().sub(far.reciprocal().mul(0.5)).sub(series.mul(w));
        Expr positive = small.select(asymptotic.sub(steps), asymptotic);
        Expr part = x.sub(x.floor());
        Expr pole = part.eq(0).and(x.lt(0));
        Expr reflected =
                positive.sub(Expr.constant(Math.PI).div(part.mul(Math.PI).tan()));
        return mirrored.select(pole.select(Expr.constant(Double.NaN), reflected), positive);
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return dy.mul(Dispatch.one(new Polygamma(1), x));
    }
}
