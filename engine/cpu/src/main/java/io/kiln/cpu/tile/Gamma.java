package io.kiln.cpu.tile;

/** The logarithm of the gamma function and its derivatives in double precision, within a few units in the last place. */
final class Gamma {
    /** ln Γ(1 + t) / t for t from -1/2 to 1/2, interpolated at Chebyshev nodes. */
    private static final double[] NEAR_ONE = {
        -0.5772156649015329,
        0.8224670334241132,
        -0.4006856343865406,
        0.2705808084277935,
        -0.2073855510262953,
        0.16955717699509998,
        -0.14404989701106719,
        0.1255096697597847,
        -0.1113342530365414,
        0.10009944506030896,
        -0.09095442301348973,
        0.08335423437020126,
        -0.07692423568567124,
        0.07142491150665906,
        -0.06678275881746833,
        0.0626116167474043,
        -0.057737256640806416,
        0.054501409023364235,
        -0.059850048562680856,
        0.057003000096539545,
        -0.014509338086091672,
        0.01333577663873192,
        -0.14497971020532596,
        0.14011729595820724,
        0.1528715168258553,
        -0.14857260899606312,
        -0.22471180158915516,
        0.21762817640022097
    };

    /** ln Γ(2 + t) / t, likewise. */
    private static final double[] NEAR_TWO = {
        0.42278433509846713,
        0.32246703342411326,
        -0.0673523010531981,
        0.02058080842778038,
        -0.0073855510286719986,
        0.002890510331034267,
        -0.0011927539118428156,
        0.0005096695154115458,
        -0.00022315475400520507,
        9.945767355819498e-05,
        -4.49263133791557e-05,
        2.0505590755833454e-05,
        -9.438715099211532e-06,
        4.38470440459836e-06,
        -2.0439048107029907e-06,
        9.200527894968101e-07,
        -4.3252393445604814e-07,
        2.78740805211359e-07,
        -1.3219945666117874e-07
    };

    /** The Taylor series of the digamma function at its positive zero, divided by the distance. */
    private static final double[] NEAR_ROOT = {
        0.9676722454476212,
        -0.4427631689835921,
        0.258499760955651,
        -0.16394270544240652,
        0.10782405069126237,
        -0.07219956125645471,
        0.04880428816414311,
        -0.03316112647484736,
        0.022597648232218104,
        -0.01542476590494896,
        0.010538791616612175,
        -0.007204534386356869,
        0.004926781395729853,
        -0.003369801655439328,
        0.002305126326734928,
        -0.0015769367714301972,
        0.0010788252019162967,
        -0.0007380709389960052,
        0.000504953265834602,
        -0.0003454680251063077,
        0.00023635601564027053,
        -0.00016170622091974803
    };

    /** The positive zero of the digamma function, in two parts. */
    private static final double ROOT = 1.4616321449683622;

    private static final double ROOT_LOW = 9.549995429965697e-17;
    private static final double[] BERNOULLI = {
        1 / 6.0, -1 / 30.0, 1 / 42.0, -1 / 30.0, 5 / 66.0, -691 / 2730.0, 7 / 6.0, -3617 / 510.0, 43867 / 798.0
    };
    /** Below this number no double is near a zero of the logarithm. */
    private static final int ZEROS = -30;

    private static final double HALF_LOG_TWO_PI = 0.9189385332046727;

    private Gamma() {}

    /** ln |Γ(x)|. */
    static double log(double x) {
        if (Double.isNaN(x) || Double.isInfinite(x)) {
            return Math.abs(x);
        }
        if (x <= -0.5) {
            if (x > ZEROS && x != Math.rint(x)) {
                return GammaZeros.log(x);
            }
            double sine = Math.sin(Math.PI * Math.abs(fraction(x)));
            return sine == 0 ? Double.POSITIVE_INFINITY : Math.log(Math.PI / Math.abs(x * sine)) - log(-x);
        }
        if (x < 0.5) {
            return x * polynomial(NEAR_ONE, x) - Math.log(Math.abs(x));
        }
        if (x < 1.5) {
            return (x - 1) * polynomial(NEAR_ONE, x - 1);
        }
        if (x < 10) {
            double z = x;
            double product = 1;
            while (z >= 2.5) {
                z -= 1;
                product *= z;
            }
            return (product == 1 ? 0 : Math.log(product)) + (z - 2) * polynomial(NEAR_TWO, z - 2);
        }
        double u = 1 / x;
        double w = u * u;
        double series = 0;
        for (int k = 8; k >= 1; k--) {
            series = series * w + BERNOULLI[k - 1] / (2.0 * k * (2 * k - 1));
        }
        return (x - 0.5) * (Math.log(x) - 1) + (HALF_LOG_TWO_PI - 0.5 + series * u);
    }

    /** Γ'(x)/Γ(x). */
    static double digamma(double x) {
        double d = x - ROOT - ROOT_LOW;
        if (Math.abs(d) < 0.3) {
            return d * polynomial(NEAR_ROOT, d);
        }
        if (x < 0) {
            double f = fraction(x);
            double mirrored = digamma(1 - x);
            double y = mirrored - Math.PI * cotangent(f);
            return f == 0 ? Double.NaN : cancels(y, mirrored) ? GammaZeros.polygamma(0, x, f) : y;
        }
        if (x < 0.5) {
            return digamma(x + 1) - 1 / x;
        }
        double z = x;
        double steps = 0;
        while (z < 12) {
            steps += 1 / z;
            z += 1;
        }
        double u = 1 / z;
        double w = u * u;
        double series = 0;
        for (int k = 9; k >= 1; k--) {
            series = (series + BERNOULLI[k - 1] / (2 * k)) * w;
        }
        return Math.log(z) - 0.5 * u - series - steps;
    }

    /** The derivative of order n of the digamma function, n from 1 on. */
    static double polygamma(int n, double x) {
        if (x < 0) {
            double f = fraction(x);
            double mirrored = polygamma(n, 1 - x);
            double y = (n % 2 == 0 ? mirrored : -mirrored) - Math.PI * cotangent(n, f);
            return cancels(y, mirrored) ? GammaZeros.polygamma(n, x, f) : y;
        }
        double factorial = 1;
        for (int i = 2; i < n; i++) {
            factorial *= i;
        }
        double z = x;
        double steps = 0;
        while (z < 14 + n) {
            steps += power(1 / z, n + 1);
            z += 1;
        }
        // (-1)^(n+1) times the derivative: sum of n!/(x+k)^(n+1), then (n-1)!/z^n + n!/(2 z^(n+1)) + sum of B_2k
        // (2k+n-1)!/((2k)! z^(2k+n)).
        double u = 1 / z;
        double w = u * u;
        double series = 0;
        for (int k = BERNOULLI.length; k >= 1; k--) {
            double factor = BERNOULLI[k - 1];
            for (int i = 2 * k + 1; i <= 2 * k + n - 1; i++) {
                factor *= i;
            }
            // (2k+n-1)!/(2k)!; at n = 1 the empty product.
            series = (series + factor) * w;
        }
        double tail = power(u, n) * (series + factorial + 0.5 * n * factorial * u);
        double sum = factorial * n * steps + tail;
        return n % 2 == 0 ? -sum : sum;
    }

    /** Whether a term is so much larger than the sum that the sum has lost digits. */
    private static boolean cancels(double sum, double term) {
        return Math.abs(sum) < 0.5 * Math.abs(term);
    }

    /** The derivative of order n of cot(π x): polynomials in the cotangent, each -π (1 + c²) times the last one's derivative. */
    private static double cotangent(int n, double x) {
        double[] p = {0, 1};
        for (int k = 0; k < n; k++) {
            double[] next = new double[p.length + 1];
            for (int i = 1; i < p.length; i++) {
                next[i - 1] -= Math.PI * i * p[i];
                next[i + 1] -= Math.PI * i * p[i];
            }
            p = next;
        }
        return polynomial(p, cotangent(x));
    }

    /** cot(π x) for x from -1/2 to 1/2, 0 at both ends. */
    private static double cotangent(double x) {
        return Math.abs(x) > 0.25 ? Math.tan(Math.PI * (Math.copySign(0.5, x) - x)) : 1 / Math.tan(Math.PI * x);
    }

    /** The distance to the nearest integer below or above, exactly: from -1/2 to 1/2. */
    private static double fraction(double x) {
        double f = x - Math.floor(x);
        return f > 0.5 ? x - Math.ceil(x) : f;
    }

    private static double power(double x, int n) {
        double p = x;
        for (int i = 1; i < n; i++) {
            p *= x;
        }
        return p;
    }

    private static double polynomial(double[] c, double x) {
        double y = c[c.length - 1];
        for (int i = c.length - 2; i >= 0; i--) {
            y = y * x + c[i];
        }
        return y;
    }
}
