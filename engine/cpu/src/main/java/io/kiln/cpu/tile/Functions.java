package io.kiln.cpu.tile;

import io.kiln.pointwise.Code;

/** The functions of one element that have no loop of their own. */
final class Functions {
    /** √(8/π). */
    private static final DoubleDouble ROOT = new DoubleDouble(1.5957691216057308, -9.96930880911092e-17);

    private static final DoubleDouble CUBIC = DoubleDouble.of(0.044715);
    /** e^-v is 0 from here on. */
    private static final double TANH_CDF_END = 24;

    private Functions() {}

    /** A function of one number. */
    static double of(Code code, double a) {
        return switch (code) {
            case SIGN -> Math.signum(a);
            case FLOOR -> Math.floor(a);
            case CEIL -> Math.ceil(a);
            case ROUND -> Math.rint(a);
            case EXP -> Math.exp(a);
            case EXPM1 -> Math.expm1(a);
            case LOG -> Math.log(a);
            case LOG1P -> Math.log1p(a);
            case SIN -> Math.sin(a);
            case COS -> Math.cos(a);
            case TAN -> Math.tan(a);
            case ASIN -> Math.asin(a);
            case ACOS -> Math.acos(a);
            case ATAN -> Math.atan(a);
            case SINH -> Math.sinh(a);
            case COSH -> Math.cosh(a);
            case TANH -> Math.tanh(a);
            case ERF -> Erf.of(a);
            case ERFC -> Erf.complement(a);
            case ERFINV -> Erf.inverse(a);
            case LGAMMA -> Gamma.log(a);
            case DIGAMMA -> Gamma.digamma(a);
            case CBRT -> Math.cbrt(a);
            case NORMAL_CDF -> Erf.normalCdf(a);
            case TANH_CDF -> tanhCdf(a);
            case SIGMOID -> sigmoid(a);
            case RSQRT -> 1 / Math.sqrt(a);
            case RECIPROCAL -> 1 / a;
            case SQRT -> Math.sqrt(a);
            case IS_NAN -> Double.isNaN(a) ? 1 : 0;
            case IS_FINITE -> Double.isFinite(a) ? 1 : 0;
            default -> throw new IllegalStateException("pointwise: no function of one number for " + code);
        };
    }

    /** A function of two numbers. */
    static double of(Code code, double a, double b) {
        return switch (code) {
            case POW -> Math.pow(a, b);
            case MOD -> mod(a, b);
            case FMOD -> a % b;
            case POLYGAMMA -> Gamma.polygamma((int) a, b);
            case ATAN2 -> Math.atan2(a, b);
            case AND -> a != 0 && b != 0 ? 1 : 0;
            case OR -> a != 0 || b != 0 ? 1 : 0;
            default -> throw new IllegalStateException("pointwise: no function of two numbers for " + code);
        };
    }

    /** A function of two integers. */
    static long of(Code code, long a, long b) {
        return switch (code) {
            case POW -> power(a, b);
            case MOD -> b == 0 ? 0 : Math.floorMod(a, b);
            case FMOD -> b == 0 ? 0 : a % b;
            case BIT_AND -> a & b;
            case BIT_OR -> a | b;
            case BIT_XOR -> a ^ b;
            case SHIFT_LEFT -> b < 0 || b > 63 ? 0 : a << b;
            case SHIFT_RIGHT -> a >> (b < 0 || b > 63 ? 63 : b);
            case AND -> a != 0 && b != 0 ? 1 : 0;
            case OR -> a != 0 || b != 0 ? 1 : 0;
            default -> (long) of(code, (double) a, (double) b);
        };
    }

    /**
     * The logistic function of v = √(8/π) (a + 0.044715 a³), including the rounding error of v, which the exponential
     * would magnify.
     */
    private static double tanhCdf(double a) {
        double t = Math.min(Math.abs(a), TANH_CDF_END);
        DoubleDouble square = DoubleDouble.of(t).mul(DoubleDouble.of(t));
        DoubleDouble v = ROOT.mul(CUBIC.mul(square).add(DoubleDouble.of(1))).mul(DoubleDouble.of(t));
        double e = Math.exp(-v.high()) * (1 - v.low());
        return (a < 0 ? e : 1) / (1 + e);
    }

    private static double sigmoid(double a) {
        double e = Math.exp(-Math.abs(a));
        return (a >= 0 ? 1 : e) / (1 + e);
    }

    /** The remainder with the sign of b; exact, because Java's is. */
    private static double mod(double a, double b) {
        double r = a % b;
        return r != 0 && r < 0 != b < 0 ? r + b : r;
    }

    /** The integer power, wrapping around; 0 for a negative exponent unless a is 1 or -1. */
    static long power(long a, long b) {
        if (b < 0) {
            return a == 1 ? 1 : a == -1 ? (b & 1) == 0 ? 1 : -1 : 0;
        }
        long result = 1;
        long square = a;
        for (long n = b; n > 0; n >>= 1) {
            if ((n & 1) == 1) {
                result *= square;
            }
            square *= square;
        }
        return result;
    }
}
