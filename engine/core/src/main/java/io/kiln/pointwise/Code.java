package io.kiln.pointwise;

/** The operation of one instruction of a {@link PointwiseProgram} on its operands a, b and c, element by element. */
public enum Code {
    /** The element of an input array. */
    INPUT(0),
    /** A number fixed in the program. */
    CONSTANT(0),
    /** A number passed to each run, such as a learning rate. */
    SCALAR(0),
    /** -a. */
    NEG(1),
    /** |a|. */
    ABS(1),
    /** -1, 0 or 1; NaN for NaN. */
    SIGN(1),
    /** Largest integer at most a. */
    FLOOR(1),
    /** Smallest integer at least a. */
    CEIL(1),
    /** Nearest integer, ties to even. */
    ROUND(1),
    /** e^a. */
    EXP(1),
    /** e^a - 1. */
    EXPM1(1),
    /** Natural logarithm. */
    LOG(1),
    /** ln(1 + a). */
    LOG1P(1),
    /** Square root. */
    SQRT(1),
    /** 1/sqrt(a). */
    RSQRT(1),
    /** 1/a. */
    RECIPROCAL(1),
    /** Sine, a in radians. */
    SIN(1),
    /** Cosine, a in radians. */
    COS(1),
    /** Tangent, a in radians. */
    TAN(1),
    /** Arc sine. */
    ASIN(1),
    /** Arc cosine. */
    ACOS(1),
    /** Arc tangent. */
    ATAN(1),
    /** Hyperbolic sine. */
    SINH(1),
    /** Hyperbolic cosine. */
    COSH(1),
    /** Hyperbolic tangent. */
    TANH(1),
    /** Error function. */
    ERF(1),
    /** 1 minus the error function, exact in the tail. */
    ERFC(1),
    /** Inverse of the error function. */
    ERFINV(1),
    /** Logarithm of the magnitude of the gamma function. */
    LGAMMA(1),
    /** Derivative of {@link #LGAMMA}. */
    DIGAMMA(1),
    /** Cube root. */
    CBRT(1),
    /** Distribution function of the normal distribution, (1 + erf(a/√2))/2, exact in the tail. */
    NORMAL_CDF(1),
    /** Approximation of {@link #NORMAL_CDF}: (1 + tanh(√(2/π) (a + 0.044715 a³)))/2, exact in the tail. */
    TANH_CDF(1),
    /** Logistic function 1/(1 + e^-a). */
    SIGMOID(1),
    /** 1 where a is 0, else 0. */
    NOT(1),
    /** 1 where a is NaN, else 0. */
    IS_NAN(1),
    /** 1 where a is neither infinite nor NaN, else 0. */
    IS_FINITE(1),
    /** a + b. */
    ADD(2),
    /** a - b. */
    SUB(2),
    /** a * b. */
    MUL(2),
    /** a / b; integers are divided rounding towards negative infinity, by 0 gives 0. */
    DIV(2),
    /** a to the power b. */
    POW(2),
    /** a - floor(a/b)*b: the remainder with the sign of b, as in Python; integers by 0 give 0. */
    MOD(2),
    /** The remainder with the sign of a, as C's fmod; integers by 0 give 0. */
    FMOD(2),
    /** Derivative of order a of {@link #DIGAMMA} at b. */
    POLYGAMMA(2),
    /** Bits of integers that are set in both. */
    BIT_AND(2),
    /** Bits of integers that are set in at least one. */
    BIT_OR(2),
    /** Bits of integers that are set in exactly one. */
    BIT_XOR(2),
    /** The bits of integer a shifted left by b places; 0 if b is below 0 or at least 64. */
    SHIFT_LEFT(2),
    /** The bits of integer a shifted right by b places, with its sign; as by 63 if b is below 0 or at least 64. */
    SHIFT_RIGHT(2),
    /** The larger; NaN if one is NaN. */
    MAX(2),
    /** The smaller; NaN if one is NaN. */
    MIN(2),
    /** Angle of the point (b, a), radians. */
    ATAN2(2),
    /** 1 where a = b, else 0. */
    EQ(2),
    /** 1 where a differs from b, else 0. */
    NE(2),
    /** 1 where a &lt; b, else 0. */
    LT(2),
    /** 1 where a &le; b, else 0. */
    LE(2),
    /** 1 where a &gt; b, else 0. */
    GT(2),
    /** 1 where a &ge; b, else 0. */
    GE(2),
    /** 1 where both differ from 0, else 0. */
    AND(2),
    /** 1 where one differs from 0, else 0. */
    OR(2),
    /** b where a differs from 0, else c. */
    SELECT(3);

    private final int operands;

    Code(int operands) {
        this.operands = operands;
    }

    /**
     * The number of operands.
     *
     * @return 0 to 3
     */
    public int operands() {
        return operands;
    }
}
