package io.kiln.op;

import io.kiln.ndarray.NDArray;
import io.kiln.pointwise.Expr;

/**
 * Derivatives of {@link Digamma}, element by element: \(y = \psi^{(n)}(x)\) for x &gt; 0; infinite at 0 and NaN below. By its
 * asymptotic series from 16 on, below it by recurrence. Shapes: y as x. Dtype: as x; float32 for
 * integers.
 *
 * @param n how often the digamma function is differentiated, from 1 to 6
 */
public record Polygamma(int n) implements UnaryPointwise {
    private static final int LAST = 6;

    /** Checks n. */
    public Polygamma {
        if (n < 1 || n > LAST) {
            throw new IllegalArgumentException("polygamma: n must be from 1 to " + LAST + ", got " + n);
        }
    }

    @Override
    public Expr expression(Expr x) {
        Expr near = x.lt(16);
        Expr far = near.select(x.add(16), x);
        Expr steps = power(x.reciprocal());
        for (int i = 1; i < 16; i++) {
            steps = steps.add(power(x.add(i).reciprocal()));
        }
        // (-1)^(n+1) times the derivative: Σ n!/(x+k)^(n+1), then (n-1)!/z^n + n!/(2 z^(n+1)) + Σ B_2k (2k+n-1)!/((2k)!
        // z^(2k+n)).
        double[] bernoulli = {1 / 6.0, -1 / 30.0, 1 / 42.0, -1 / 30.0, 5 / 66.0, -691 / 2730.0, 7 / 6.0};
        Expr u = far.reciprocal();
        Expr w = u.mul(u);
        Expr series = Expr.constant(0);
        for (int k = bernoulli.length; k >= 1; k--) {
            double factor = bernoulli[k - 1];
            for (int i = 2 * k + 1; i <= 2 * k + n - 1; i++) {
                factor *= i;
            }
            series = series.add(factor).mul(w);
        }
        Expr asymptotic = series.add(factorial(n - 1)).mul(power(u).mul(far)).add(power(u).mul(factorial(n) / 2));
        Expr sum = near.select(asymptotic.add(steps.mul(factorial(n))), asymptotic);
        Expr signed = n % 2 == 0 ? sum.neg() : sum;
        return x.lt(0).select(Expr.constant(Double.NaN), signed);
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        if (n == LAST) {
            throw new UnsupportedOperationException("polygamma: derivatives go up to n = " + LAST);
        }
        return dy.mul(Dispatch.one(new Polygamma(n + 1), x));
    }

    /** The power n + 1. */
    private Expr power(Expr x) {
        Expr p = x;
        for (int i = 0; i < n; i++) {
            p = p.mul(x);
        }
        return p;
    }

    private static double factorial(int n) {
        double f = 1;
        for (int i = 2; i <= n; i++) {
            f *= i;
        }
        return f;
    }
}
