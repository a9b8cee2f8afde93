package io.kiln.cpu.tile;

/**
 * The error function, its complement and its inverse in double precision, after the rational approximations of FreeBSD's s_erf.c (Sun Microsystems, 1993);
 * relative error below 1 ulp or so.
 */
final class Erf {
    private static final double ERX = 8.45062911510467529297e-01;
    private static final double[] PP = {
        1.28379167095512558561e-01,
        -3.25042107247001499370e-01,
        -2.84817495755985104766e-02,
        -5.77027029648944159157e-03,
        -2.37630166566501626084e-05
    };
    private static final double[] QQ = {
        1,
        3.97917223959155352819e-01,
        6.50222499887672944485e-02,
        5.08130628187576562776e-03,
        1.32494738004321644526e-04,
        -3.96022827877536812320e-06
    };
    private static final double[] PA = {
        -2.36211856075265944077e-03,
        4.14856118683748331666e-01,
        -3.72207876035701323847e-01,
        3.18346619901161753674e-01,
        -1.10894694282396677476e-01,
        3.54783043256182359371e-02,
        -2.16637559486879084300e-03
    };
    private static final double[] QA = {
        1,
        1.06420880400844228286e-01,
        5.40397917702171048937e-01,
        7.18286544141962662868e-02,
        1.26171219808761642112e-01,
        1.36370839120290507362e-02,
        1.19844998467991074170e-02
    };
    private static final double[] RA = {
        -9.86494403484714822705e-03, -6.93858572707181764372e-01, -1.05586262253232909814e+01,
        -6.23753324503260060396e+01, -1.62396669462573470355e+02, -1.84605092906711035994e+02,
        -8.12874355063065934246e+01, -9.81432934416914548592e+00
    };
    private static final double[] SA = {
        1,
        1.96512716674392571292e+01,
        1.37657754143519042600e+02,
        4.34565877475229228821e+02,
        6.45387271733267880336e+02,
        4.29008140027567833386e+02,
        1.08635005541779435134e+02,
        6.57024977031928170135e+00,
        -6.04244152148580987438e-02
    };
    private static final double[] RB = {
        -9.86494292470009928597e-03, -7.99283237680523006574e-01, -1.77579549177547519889e+01,
        -1.60636384855821916062e+02, -6.37566443368389627722e+02, -1.02509513161107724954e+03,
        -4.83519191608651397019e+02
    };
    private static final double[] SB = {
        1,
        3.03380607434824582924e+01,
        3.25792512996573918826e+02,
        1.53672958608443695994e+03,
        3.19985821950859553908e+03,
        2.55305040643316442583e+03,
        4.74528541206955367215e+02,
        -2.24409524465858183362e+01
    };

    /** Inverse of the error function over its argument by w - 5/2 with w = -ln(1 - a²), below w = 5. */
    private static final double[] CENTRE = {
        1.50140941,
        0.246640727,
        -0.00417768164,
        -0.00125372503,
        0.00021858087,
        -4.39150654e-06,
        -3.5233877e-06,
        3.43273939e-07,
        2.81022636e-08
    };
    /** The same by sqrt(w) - 3, from there on. */
    private static final double[] ENDS = {
        2.83297682,
        1.00167406,
        0.00943887047,
        -0.0076224613,
        0.00573950773,
        -0.00367342844,
        0.00134934322,
        0.000100950558,
        -0.000200214257
    };

    private Erf() {}

    /** erf(a). */
    static double of(double a) {
        double x = Math.abs(a);
        if (Double.isNaN(a)) {
            return a;
        }
        if (x < 0.84375) {
            double z = x * x;
            return a + a * (polynomial(PP, z) / polynomial(QQ, z));
        }
        double y;
        if (x < 1.25) {
            double s = x - 1;
            y = ERX + polynomial(PA, s) / polynomial(QA, s);
        } else if (x >= 6) {
            y = 1;
        } else {
            y = 1 - tail(x);
        }
        return a < 0 ? -y : y;
    }

    /** 1 - erf(a), exact in the tail. */
    static double complement(double a) {
        double x = Math.abs(a);
        if (Double.isNaN(a)) {
            return a;
        }
        if (x < 0.84375) {
            double r = a * (polynomial(PP, x * x) / polynomial(QQ, x * x));
            return a < 0.25 ? 1 - (a + r) : 0.5 - (r + (a - 0.5));
        }
        if (x < 1.25) {
            double ratio = polynomial(PA, x - 1) / polynomial(QA, x - 1);
            return a > 0 ? 1 - ERX - ratio : 1 + (ERX + ratio);
        }
        if (x >= 28) {
            return a > 0 ? 0 : 2;
        }
        double tail = tail(x);
        return a > 0 ? tail : 2 - tail;
    }

    /** (1 + erf(a / √2)) / 2. */
    static double normalCdf(double a) {
        double x = Math.abs(a);
        if (x < 1.25 * Math.sqrt(2) || x >= 40 || Double.isNaN(a)) {
            return 0.5 * complement(-a * Math.sqrt(0.5));
        }
        double z = x * Math.sqrt(0.5);
        double high = leading(x);
        double tail = Math.exp(-0.5 * high * high - 0.5625) * Math.exp(0.5 * (high - x) * (high + x) + ratio(z)) / z;
        return a < 0 ? 0.5 * tail : 1 - 0.5 * tail;
    }

    /** The leading half of the digits, whose square is exact: it keeps the rounding error of x*x out of exponentials. */
    private static double leading(double x) {
        return Double.longBitsToDouble(Double.doubleToRawLongBits(x) & 0xffffffff00000000L);
    }

    /** ln(x e^(x²) (1 - erf(x))) + 9/16 for x from 1.25 on. */
    private static double ratio(double x) {
        double s = 1 / (x * x);
        return x < 1 / 0.35 ? polynomial(RA, s) / polynomial(SA, s) : polynomial(RB, s) / polynomial(SB, s);
    }

    /** 1 - erf(x) for x from 1.25 to 28. */
    private static double tail(double x) {
        double high = leading(x);
        return Math.exp(-high * high - 0.5625) * Math.exp((high - x) * (high + x) + ratio(x)) / x;
    }

    /** The number whose error function is a: Giles's approximation (2010), then steps of Halley's method. */
    static double inverse(double a) {
        double x = Math.abs(a);
        if (!(x < 1)) {
            return x == 1 ? a * Double.POSITIVE_INFINITY : Double.NaN;
        }
        if (x < 1e-9) {
            return a * (Math.sqrt(Math.PI) / 2);
        }
        double w = -Math.log((1 - x) * (1 + x));
        double y = x * (w < 5 ? polynomial(CENTRE, w - 2.5) : polynomial(ENDS, Math.sqrt(w) - 3));
        for (int i = 0; i < 8; i++) {
            double error = x < 0.5 ? of(y) - x : 1 - x - complement(y);
            double u = error / (2 / Math.sqrt(Math.PI) * Math.exp(-y * y));
            double step = u / (1 + y * u);
            y -= step;
            if (Math.abs(step) <= 1e-9 * y) {
                break;
            }
        }
        return Math.copySign(y, a);
    }

    private static double polynomial(double[] c, double x) {
        double y = c[c.length - 1];
        for (int i = c.length - 2; i >= 0; i--) {
            y = y * x + c[i];
        }
        return y;
    }
}
