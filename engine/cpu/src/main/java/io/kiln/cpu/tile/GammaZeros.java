package io.kiln.cpu.tile;

/**
 * The gamma functions between their poles below 0, where they have zeros: the terms of every formula cancel there, so
 * they are computed in double-double arithmetic.
 */
final class GammaZeros {
    /** 1 / Γ(2 + t) as a Taylor series. */
    private static final double[] INVERSE = {
        1.0,
        -0.42278433509846713,
        -0.23309373642178674,
        0.1910911013876915,
        -0.024552490005400017,
        -0.01764524455014432,
        0.008023273022267347,
        -0.000804329775604247,
        -0.0003608378162548181,
        0.00014559614213986716,
        -1.7545859751750962e-05,
        -2.5889950290372764e-06,
        1.3385015468946058e-06,
        -2.0547431491290985e-07,
        -1.5952678485086793e-10,
        6.275621889332284e-09,
        -1.2736142448630608e-09,
        9.233967437604067e-11,
        1.2002996793069383e-11,
        -4.220733353164313e-12,
        5.239277345221073e-13,
        -1.3890705776659689e-14,
        -6.692554759005379e-15,
        1.344432219582361e-15,
        -1.1765359134410035e-16,
        -4.723388256455369e-19,
        1.6590310803971373e-18,
        -2.4665042507910553e-19,
        1.677585663556849e-20,
        3.682065837048843e-22,
        -2.34471410655515e-22,
        2.9048055478847724e-23,
        -1.687754992767727e-24,
        -4.4601453142789826e-26
    };
    /** The rounding errors of {@link #INVERSE}. */
    private static final double[] INVERSE_LOW = {
        0.0,
        -4.942915152430645e-18,
        -1.4408084925129086e-18,
        2.932839121077959e-18,
        3.1741152185683796e-19,
        -2.0596383815123733e-19,
        -3.240392987317889e-19,
        -3.602607190215394e-20,
        -1.5794666807586702e-20,
        -8.934518886477973e-21,
        -4.246056127209952e-22,
        3.15779130658824e-23,
        -5.81993222930722e-23,
        1.1976970172023511e-23,
        9.518268635601048e-27,
        -1.754665218836032e-25,
        -4.6709867395221224e-26,
        -2.1149058773766194e-27,
        8.006510155867483e-28,
        -3.6092545992716353e-28,
        2.5580633934465336e-29,
        1.048242972774895e-31,
        -1.8506360308994674e-33,
        3.6982015472586744e-32,
        1.0896446219801064e-32,
        -4.4549509560739665e-35,
        2.5122440665136478e-36,
        1.8014786141685206e-35,
        1.3743552786520451e-36,
        -5.494454226813684e-39,
        8.137860191721607e-39,
        1.4253008048467256e-39,
        1.22871469097075e-40,
        1.8505833442045515e-43
    };
    /** Numerators of the Bernoulli numbers of index 2, 4, …. */
    private static final double[] NUMERATORS = {
        1,
        -1,
        1,
        -1,
        5,
        -691,
        7,
        -3617,
        43867,
        -174611,
        854513,
        -236364091,
        8553103,
        -23749461029.0,
        8615841276005.0,
        -7709321041217.0
    };

    private static final double[] DENOMINATORS = {
        6, 30, 42, 30, 66, 2730, 6, 510, 798, 330, 138, 2730, 6, 870, 14322, 510
    };
    /** From here on the asymptotic series with these Bernoulli numbers has 30 digits. */
    private static final int FAR = 24;

    private GammaZeros() {}

    /**
     * ln |Γ(x)| from -ln |x (x + 1) … (x + m - 1) / Γ(x + m)| with x + m near 2: a product loses no precision, however
     * small its logarithm is.
     */
    static double log(double x) {
        int m = (int) Math.rint(2 - x);
        DoubleDouble t = DoubleDouble.sum(x, m - 2);
        DoubleDouble product = DoubleDouble.of(INVERSE[INVERSE.length - 1]);
        for (int k = INVERSE.length - 2; k >= 0; k--) {
            product = product.mul(t).add(new DoubleDouble(INVERSE[k], INVERSE_LOW[k]));
        }
        for (int k = 0; k < m; k++) {
            product = product.mul(DoubleDouble.sum(x, k));
        }
        DoubleDouble size = product.high() < 0 ? product.neg() : product;
        double beyond = size.add(DoubleDouble.of(-1)).high();
        return Math.abs(beyond) < 0.5 ? -Math.log1p(beyond) : -Math.log(size.high());
    }

    /**
     * The derivative of order n, from 0 on, of the digamma function. Far below 0 it is that at 1 - x by the reflection
     * formula, whose cotangent is written as the difference of the functions at f and 1 - f.
     *
     * @param f the distance of x from the nearest integer
     */
    static double polygamma(int n, double x, double f) {
        if (x > -FAR) {
            return polygamma(n, DoubleDouble.of(x)).high();
        }
        DoubleDouble mirrored = polygamma(n, DoubleDouble.sum(1, -x));
        DoubleDouble other = polygamma(n, DoubleDouble.sum(1, -f));
        DoubleDouble difference = mirrored.add(other.neg());
        return polygamma(n, DoubleDouble.of(f))
                .add(n % 2 == 0 ? difference : difference.neg())
                .high();
    }

    /** By recurrence and the asymptotic series. */
    private static DoubleDouble polygamma(int n, DoubleDouble start) {
        int count = (int) Math.ceil(Math.max(0, FAR + 2 * n - start.high()));
        DoubleDouble steps = DoubleDouble.of(0);
        // The small ones first, to preserve the last digits.
        for (int k = count - 1; k >= 0; k--) {
            steps = steps.add(power(start.add(DoubleDouble.of(k)).inverse(), n + 1));
        }
        DoubleDouble z = start.add(DoubleDouble.of(count));
        DoubleDouble u = z.inverse();
        DoubleDouble w = u.mul(u);
        DoubleDouble series = DoubleDouble.of(0);
        for (int k = NUMERATORS.length; k >= 1; k--) {
            // B_2k (2k + n - 1)! / (2k)!
            DoubleDouble factor = DoubleDouble.of(NUMERATORS[k - 1])
                    .mul(DoubleDouble.of(DENOMINATORS[k - 1]).inverse());
            if (n == 0) {
                factor = factor.mul(DoubleDouble.of(2 * k).inverse());
            }
            for (int i = 2 * k + 1; i <= 2 * k + n - 1; i++) {
                factor = factor.mul(DoubleDouble.of(i));
            }
            series = series.add(factor).mul(w);
        }
        if (n == 0) {
            return z.log()
                    .add(u.mul(DoubleDouble.of(-0.5)))
                    .add(series.add(steps).neg());
        }
        // (-1)^(n+1) times the derivative is n! sum of (z+k)^-(n+1), then (n-1)!/z^n + n!/(2 z^(n+1)) and the series
        // over z^n.
        DoubleDouble factorial = DoubleDouble.of(1);
        for (int i = 2; i < n; i++) {
            factorial = factorial.mul(DoubleDouble.of(i));
        }
        DoubleDouble half = u.mul(DoubleDouble.of(0.5 * n)).add(DoubleDouble.of(1));
        DoubleDouble tail = power(u, n).mul(half.mul(factorial).add(series));
        DoubleDouble sum = factorial.mul(DoubleDouble.of(n)).mul(steps).add(tail);
        return n % 2 == 0 ? sum.neg() : sum;
    }

    private static DoubleDouble power(DoubleDouble x, int n) {
        DoubleDouble p = x;
        for (int i = 1; i < n; i++) {
            p = p.mul(x);
        }
        return p;
    }
}
