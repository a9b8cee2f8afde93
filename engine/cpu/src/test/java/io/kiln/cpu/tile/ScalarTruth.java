package io.kiln.cpu.tile;

import io.kiln.pointwise.Code;
import io.kiln.pointwise.Expr;
import java.math.BigDecimal;
import java.math.MathContext;

/** What each code means, one element at a time, in the plainest Java. */
final class ScalarTruth {
    private ScalarTruth() {}

    static Expr expression(Code code) {
        Expr a = Expr.input(0);
        Expr b = Expr.input(1);
        return switch (code) {
            case INPUT -> a;
            case CONSTANT -> Expr.constant(3);
            case SCALAR -> Expr.scalar(0);
            case NEG -> a.neg();
            case ABS -> a.abs();
            case SIGN -> a.sign();
            case FLOOR -> a.floor();
            case CEIL -> a.ceil();
            case ROUND -> a.round();
            case EXP -> a.exp();
            case EXPM1 -> a.expm1();
            case LOG -> a.log();
            case LOG1P -> a.log1p();
            case SQRT -> a.sqrt();
            case RSQRT -> a.rsqrt();
            case RECIPROCAL -> a.reciprocal();
            case SIN -> a.sin();
            case COS -> a.cos();
            case TAN -> a.tan();
            case ASIN -> a.asin();
            case ACOS -> a.acos();
            case ATAN -> a.atan();
            case SINH -> a.sinh();
            case COSH -> a.cosh();
            case TANH -> a.tanh();
            case ERF -> a.erf();
            case ERFC -> a.erfc();
            case NORMAL_CDF -> a.normalCdf();
            case TANH_CDF -> a.tanhCdf();
            case ERFINV -> a.erfinv();
            case LGAMMA -> a.lgamma();
            case DIGAMMA -> a.digamma();
            case CBRT -> a.cbrt();
            case SIGMOID -> a.sigmoid();
            case NOT -> a.not();
            case IS_NAN -> a.isNan();
            case IS_FINITE -> a.isFinite();
            default -> binary(code, a, b);
        };
    }

    static Expr binary(Code code, Expr a, Expr b) {
        return switch (code) {
            case ADD -> a.add(b);
            case SUB -> a.sub(b);
            case MUL -> a.mul(b);
            case DIV -> a.div(b);
            case POW -> a.pow(b);
            case MOD -> a.mod(b);
            case FMOD -> a.fmod(b);
            case POLYGAMMA -> Expr.constant(2).polygamma(b);
            case BIT_AND -> a.bitAnd(b);
            case BIT_OR -> a.bitOr(b);
            case BIT_XOR -> a.bitXor(b);
            case SHIFT_LEFT -> a.shiftLeft(b);
            case SHIFT_RIGHT -> a.shiftRight(b);
            case MAX -> a.max(b);
            case MIN -> a.min(b);
            case ATAN2 -> a.atan2(b);
            case EQ -> a.eq(b);
            case NE -> a.ne(b);
            case LT -> a.lt(b);
            case LE -> a.le(b);
            case GT -> a.gt(b);
            case GE -> a.ge(b);
            case AND -> a.and(b);
            case OR -> a.or(b);
            case SELECT -> a.select(b, Expr.input(2));
            default -> throw new IllegalArgumentException(code.toString());
        };
    }

    static double real(Code code, double a, double b, double c) {
        return switch (code) {
            case INPUT -> a;
            case CONSTANT -> 3;
            case SCALAR -> 5;
            case NEG -> -a;
            case ABS -> Math.abs(a);
            case SIGN -> Math.signum(a);
            case FLOOR -> Math.floor(a);
            case CEIL -> Math.ceil(a);
            case ROUND -> Math.rint(a);
            case EXP -> StrictMath.exp(a);
            case EXPM1 -> StrictMath.expm1(a);
            case LOG -> StrictMath.log(a);
            case LOG1P -> StrictMath.log1p(a);
            case SQRT -> Math.sqrt(a);
            case RSQRT -> 1 / Math.sqrt(a);
            case RECIPROCAL -> 1 / a;
            case SIN -> StrictMath.sin(a);
            case COS -> StrictMath.cos(a);
            case TAN -> StrictMath.tan(a);
            case ASIN -> StrictMath.asin(a);
            case ACOS -> StrictMath.acos(a);
            case ATAN -> StrictMath.atan(a);
            case SINH -> StrictMath.sinh(a);
            case COSH -> StrictMath.cosh(a);
            case TANH -> StrictMath.tanh(a);
            case ERF -> erf(a);
            case SIGMOID -> a > 0 ? 1 / (1 + StrictMath.exp(-a)) : StrictMath.exp(a) / (1 + StrictMath.exp(a));
            case NOT -> a == 0 ? 1 : 0;
            case IS_NAN -> a != a ? 1 : 0;
            case IS_FINITE -> Double.isFinite(a) ? 1 : 0;
            case ADD -> a + b;
            case SUB -> a - b;
            case MUL -> a * b;
            case DIV -> a / b;
            case POW -> StrictMath.pow(a, b);
            case MOD -> a % b != 0 && a % b < 0 != b < 0 ? a % b + b : a % b;
            case FMOD -> a % b;
            case CBRT -> StrictMath.cbrt(a);
            case ERFC, NORMAL_CDF, TANH_CDF, ERFINV, LGAMMA, DIGAMMA, POLYGAMMA ->
                throw new IllegalArgumentException(code + " is checked in SpecialFunctionsTest");
            case BIT_AND, BIT_OR, BIT_XOR, SHIFT_LEFT, SHIFT_RIGHT ->
                throw new IllegalArgumentException(code + " has no meaning for real numbers");
            case MAX -> Math.max(a, b);
            case MIN -> Math.min(a, b);
            case ATAN2 -> StrictMath.atan2(a, b);
            case EQ -> a == b ? 1 : 0;
            case NE -> a != b ? 1 : 0;
            case LT -> a < b ? 1 : 0;
            case LE -> a <= b ? 1 : 0;
            case GT -> a > b ? 1 : 0;
            case GE -> a >= b ? 1 : 0;
            case AND -> a != 0 && b != 0 ? 1 : 0;
            case OR -> a != 0 || b != 0 ? 1 : 0;
            case SELECT -> a != 0 ? b : c;
        };
    }

    static long whole(Code code, long a, long b, long c) {
        return switch (code) {
            case ADD -> a + b;
            case SUB -> a - b;
            case MUL -> a * b;
            case DIV -> b == 0 ? 0 : Math.floorDiv(a, b);
            case MOD -> b == 0 ? 0 : Math.floorMod(a, b);
            case FMOD -> b == 0 ? 0 : a % b;
            case BIT_AND -> a & b;
            case BIT_OR -> a | b;
            case BIT_XOR -> a ^ b;
            case SHIFT_LEFT -> b < 0 || b > 63 ? 0 : a << b;
            case SHIFT_RIGHT -> b < 0 || b > 63 ? a < 0 ? -1 : 0 : a >> b;
            case POW -> b < 0 ? 0 : java.math.BigInteger.valueOf(a).pow((int) b).longValue();
            case SELECT -> a != 0 ? b : c;
            case MAX -> Math.max(a, b);
            case MIN -> Math.min(a, b);
            case EQ -> a == b ? 1 : 0;
            case NE -> a != b ? 1 : 0;
            default -> (long) real(code, a, b, c);
        };
    }

    /** The Maclaurin series in 60 digits, 1 beyond 6. */
    static double erf(double x) {
        if (x != x || x == 0) {
            return x;
        }
        if (Math.abs(x) > 6) {
            return Math.signum(x);
        }
        MathContext digits = new MathContext(60);
        BigDecimal z = new BigDecimal(x);
        BigDecimal square = z.multiply(z, digits);
        BigDecimal power = z;
        BigDecimal sum = z;
        for (int n = 1; n < 250; n++) {
            power = power.multiply(square, digits).divide(BigDecimal.valueOf(-n), digits);
            sum = sum.add(power.divide(BigDecimal.valueOf(2L * n + 1), digits), digits);
        }
        BigDecimal pi = new BigDecimal("3.14159265358979323846264338327950288419716939937510582097494");
        return sum.multiply(BigDecimal.valueOf(2), digits)
                .divide(pi.sqrt(digits), digits)
                .doubleValue();
    }
}
