package io.kiln.op;

import io.kiln.ndarray.NDArray;
import io.kiln.pointwise.Expr;

/**
 * Logarithm of the gamma function, element by element: \(y = \ln |\Gamma(x)|\); infinite at 0, -1, -2, …. By Stirling's series from
 * 8 on, below it by \(\Gamma(x + 1) = x \Gamma(x)\), and by reflection below 1/2. Shapes: y as x. Dtype: as x; float32 for
 * integers.
 */
public record Lgamma() implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        Expr mirrored = x.lt(0.5);
        Expr z = mirrored.select(Expr.constant(1).sub(x), x);
        Expr positive = positive(z);
        Expr sine = x.sub(x.floor()).mul(Math.PI).sin();
        Expr reflected = sine.abs().log().neg().add(Math.log(Math.PI)).sub(positive);
        return x.isFinite().select(mirrored.select(reflected, positive), x.abs());
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return dy.mul(Dispatch.one(new Digamma(), x));
    }

    /** For arguments of 1/2 at least. */
    private static Expr positive(Expr x) {
        Expr small = x.lt(8);
        Expr z = small.select(x.add(8), x);
        Expr product = x;
        for (int i = 1; i < 8; i++) {
            product = product.mul(x.add(i));
        }
        Expr u = z.reciprocal();
        Expr w = u.mul(u);
        Expr series = Expr.constant(1 / 156.0);
        for (double c : new double[] {-691 / 360360.0, 1 / 1188.0, -1 / 1680.0, 1 / 1260.0, -1 / 360.0, 1 / 12.0}) {
            series = series.mul(w).add(c);
        }
        Expr stirling =
                z.sub(0.5).mul(z.log()).sub(z).add(Math.log(2 * Math.PI) / 2).add(series.mul(u));
        return small.select(stirling.sub(small.select(product, Expr.constant(1)).log()), stirling);
    }
}
