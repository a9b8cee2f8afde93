package io.kiln.kernels;

import io.kiln.pointwise.Code;

/** What each code of a pointwise program is in the dialect of the kernels. */
final class Expressions {
    private Expressions() {}

    /**
     * The expression of a code.
     *
     * @param code what is computed
     * @param type what it is computed in
     * @return an expression of a, b and c; null when only the CPU computes it
     */
    static String of(Code code, ComputeType type) {
        String both = ofAll(code);
        return both != null ? both : type == ComputeType.LONG ? ofIntegers(code) : ofFloats(code);
    }

    private static String ofAll(Code code) {
        return switch (code) {
            case NEG -> "-a";
            case NOT -> "a == 0 ? 1 : 0";
            case ADD -> "a + b";
            case SUB -> "a - b";
            case MUL -> "a * b";
            case MAX -> "MAXIMUM(a, b)";
            case MIN -> "MINIMUM(a, b)";
            case EQ -> "a == b ? 1 : 0";
            case NE -> "a != b ? 1 : 0";
            case LT -> "a < b ? 1 : 0";
            case LE -> "a <= b ? 1 : 0";
            case GT -> "a > b ? 1 : 0";
            case GE -> "a >= b ? 1 : 0";
            case AND -> "a != 0 && b != 0 ? 1 : 0";
            case OR -> "a != 0 || b != 0 ? 1 : 0";
            case SELECT -> "a != 0 ? b : c";
            default -> null;
        };
    }

    private static String ofIntegers(Code code) {
        return switch (code) {
            case ABS -> "magnitude(a)";
            case SIGN -> "a < 0 ? -1 : a > 0 ? 1 : 0";
            case FLOOR, CEIL, ROUND -> "a";
            case DIV -> "floor_div(a, b)";
            case POW -> "power(a, b)";
            case MOD -> "remainder_floor(a, b)";
            case FMOD -> "remainder_cut(a, b)";
            case BIT_AND -> "a & b";
            case BIT_OR -> "a | b";
            case BIT_XOR -> "a ^ b";
            case SHIFT_LEFT -> "shift_left(a, b)";
            case SHIFT_RIGHT -> "shift_right(a, b)";
            case IS_NAN -> "0";
            case IS_FINITE -> "1";
            default -> null;
        };
    }

    private static String ofFloats(Code code) {
        return switch (code) {
            case ABS -> "fabs(a)";
            case SIGN -> "a != a ? a : a > 0 ? (T) 1 : a < 0 ? (T) -1 : a";
            case FLOOR -> "floor(a)";
            case CEIL -> "ceil(a)";
            case ROUND -> "rint(a)";
            case EXP -> "exp(a)";
            case EXPM1 -> "expm1(a)";
            case LOG -> "log(a)";
            case LOG1P -> "log1p(a)";
            case SQRT -> "sqrt(a)";
            case RSQRT -> "1 / sqrt(a)";
            case RECIPROCAL -> "1 / a";
            case SIN -> "sin(a)";
            case COS -> "cos(a)";
            case TAN -> "tan(a)";
            case ASIN -> "asin(a)";
            case ACOS -> "acos(a)";
            case ATAN -> "atan(a)";
            case SINH -> "sinh(a)";
            case COSH -> "cosh(a)";
            case TANH -> "tanh(a)";
            case ERF -> "erf(a)";
            case ERFC -> "erfc(a)";
            case ERFINV -> "erf_inverse(a)";
            case CBRT -> "cbrt(a)";
            case NORMAL_CDF -> "normal_cdf(a)";
            case TANH_CDF -> "tanh_cdf(a)";
            case SIGMOID -> "sigmoid(a)";
            case IS_NAN -> "a != a ? 1 : 0";
            case IS_FINITE -> "a - a == 0 ? 1 : 0";
            case DIV -> "a / b";
            case POW -> "pow(a, b)";
            case MOD -> "remainder_floor(a, b)";
            case FMOD -> "fmod(a, b)";
            case ATAN2 -> "atan2(a, b)";
            default -> null;
        };
    }
}
