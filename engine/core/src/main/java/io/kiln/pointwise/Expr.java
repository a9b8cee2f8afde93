package io.kiln.pointwise;

/**
 * An expression over the elements of arrays, from which a {@link PointwiseProgram} is built. Building an expression
 * computes nothing. The meaning of each method is that of the {@link Code} of the same name.
 */
public final class Expr {
    private final Code code;
    private final Expr a;
    private final Expr b;
    private final Expr c;
    private final int index;
    private final double constant;

    Expr(Code code, Expr a, Expr b, Expr c, int index, double constant) {
        this.code = code;
        this.a = a;
        this.b = b;
        this.c = c;
        this.index = index;
        this.constant = constant;
    }

    /**
     * The element of an input array.
     *
     * @param index index of the input, from 0
     * @return the expression
     */
    public static Expr input(int index) {
        return new Expr(Code.INPUT, null, null, null, index, 0);
    }

    /**
     * A number passed to each run.
     *
     * @param index index of the scalar, from 0
     * @return the expression
     */
    public static Expr scalar(int index) {
        return new Expr(Code.SCALAR, null, null, null, index, 0);
    }

    /**
     * A number fixed in the program.
     *
     * @param value the number
     * @return the expression
     */
    public static Expr constant(double value) {
        return new Expr(Code.CONSTANT, null, null, null, -1, value);
    }

    /**
     * Selects one of two values: {@link Code#SELECT}.
     *
     * @param then the value if this expression differs from 0
     * @param otherwise the value otherwise
     * @return the expression
     */
    public Expr select(Expr then, Expr otherwise) {
        return new Expr(Code.SELECT, this, then, otherwise, -1, 0);
    }

    private Expr unary(Code operation) {
        return new Expr(operation, this, null, null, -1, 0);
    }

    private Expr binary(Code operation, Expr other) {
        return new Expr(operation, this, other, null, -1, 0);
    }

    Code code() {
        return code;
    }

    Expr a() {
        return a;
    }

    Expr b() {
        return b;
    }

    Expr c() {
        return c;
    }

    int index() {
        return index;
    }

    double constant() {
        return constant;
    }

    /** {@return {@link Code#NEG} of this expression} */
    public Expr neg() {
        return unary(Code.NEG);
    }

    /** {@return {@link Code#ABS} of this expression} */
    public Expr abs() {
        return unary(Code.ABS);
    }

    /** {@return {@link Code#SIGN} of this expression} */
    public Expr sign() {
        return unary(Code.SIGN);
    }

    /** {@return {@link Code#FLOOR} of this expression} */
    public Expr floor() {
        return unary(Code.FLOOR);
    }

    /** {@return {@link Code#CEIL} of this expression} */
    public Expr ceil() {
        return unary(Code.CEIL);
    }

    /** {@return {@link Code#ROUND} of this expression} */
    public Expr round() {
        return unary(Code.ROUND);
    }

    /** {@return {@link Code#EXP} of this expression} */
    public Expr exp() {
        return unary(Code.EXP);
    }

    /** {@return {@link Code#EXPM1} of this expression} */
    public Expr expm1() {
        return unary(Code.EXPM1);
    }

    /** {@return {@link Code#LOG} of this expression} */
    public Expr log() {
        return unary(Code.LOG);
    }

    /** {@return {@link Code#LOG1P} of this expression} */
    public Expr log1p() {
        return unary(Code.LOG1P);
    }

    /** {@return {@link Code#SQRT} of this expression} */
    public Expr sqrt() {
        return unary(Code.SQRT);
    }

    /** {@return {@link Code#RSQRT} of this expression} */
    public Expr rsqrt() {
        return unary(Code.RSQRT);
    }

    /** {@return {@link Code#RECIPROCAL} of this expression} */
    public Expr reciprocal() {
        return unary(Code.RECIPROCAL);
    }

    /** {@return {@link Code#SIN} of this expression} */
    public Expr sin() {
        return unary(Code.SIN);
    }

    /** {@return {@link Code#COS} of this expression} */
    public Expr cos() {
        return unary(Code.COS);
    }

    /** {@return {@link Code#TAN} of this expression} */
    public Expr tan() {
        return unary(Code.TAN);
    }

    /** {@return {@link Code#ASIN} of this expression} */
    public Expr asin() {
        return unary(Code.ASIN);
    }

    /** {@return {@link Code#ACOS} of this expression} */
    public Expr acos() {
        return unary(Code.ACOS);
    }

    /** {@return {@link Code#ATAN} of this expression} */
    public Expr atan() {
        return unary(Code.ATAN);
    }

    /** {@return {@link Code#SINH} of this expression} */
    public Expr sinh() {
        return unary(Code.SINH);
    }

    /** {@return {@link Code#COSH} of this expression} */
    public Expr cosh() {
        return unary(Code.COSH);
    }

    /** {@return {@link Code#TANH} of this expression} */
    public Expr tanh() {
        return unary(Code.TANH);
    }

    /** {@return {@link Code#ERF} of this expression} */
    public Expr erf() {
        return unary(Code.ERF);
    }

    /** {@return {@link Code#ERFC} of this expression} */
    public Expr erfc() {
        return unary(Code.ERFC);
    }

    /** {@return {@link Code#ERFINV} of this expression} */
    public Expr erfinv() {
        return unary(Code.ERFINV);
    }

    /** {@return {@link Code#LGAMMA} of this expression} */
    public Expr lgamma() {
        return unary(Code.LGAMMA);
    }

    /** {@return {@link Code#DIGAMMA} of this expression} */
    public Expr digamma() {
        return unary(Code.DIGAMMA);
    }

    /** {@return {@link Code#CBRT} of this expression} */
    public Expr cbrt() {
        return unary(Code.CBRT);
    }

    /** {@return {@link Code#NORMAL_CDF} of this expression} */
    public Expr normalCdf() {
        return unary(Code.NORMAL_CDF);
    }

    /** {@return {@link Code#TANH_CDF} of this expression} */
    public Expr tanhCdf() {
        return unary(Code.TANH_CDF);
    }

    /** {@return {@link Code#SIGMOID} of this expression} */
    public Expr sigmoid() {
        return unary(Code.SIGMOID);
    }

    /** {@return {@link Code#NOT} of this expression} */
    public Expr not() {
        return unary(Code.NOT);
    }

    /** {@return {@link Code#IS_NAN} of this expression} */
    public Expr isNan() {
        return unary(Code.IS_NAN);
    }

    /** {@return {@link Code#IS_FINITE} of this expression} */
    public Expr isFinite() {
        return unary(Code.IS_FINITE);
    }

    /**
     * {@link Code#ADD} of this expression and another.
     *
     * @param other the second operand
     * @return the expression
     */
    public Expr add(Expr other) {
        return binary(Code.ADD, other);
    }

    /**
     * {@link Code#SUB} of this expression and another.
     *
     * @param other the second operand
     * @return the expression
     */
    public Expr sub(Expr other) {
        return binary(Code.SUB, other);
    }

    /**
     * {@link Code#MUL} of this expression and another.
     *
     * @param other the second operand
     * @return the expression
     */
    public Expr mul(Expr other) {
        return binary(Code.MUL, other);
    }

    /**
     * {@link Code#DIV} of this expression and another.
     *
     * @param other the second operand
     * @return the expression
     */
    public Expr div(Expr other) {
        return binary(Code.DIV, other);
    }

    /**
     * {@link Code#POW} of this expression and another.
     *
     * @param other the second operand
     * @return the expression
     */
    public Expr pow(Expr other) {
        return binary(Code.POW, other);
    }

    /**
     * {@link Code#MOD} of this expression and another.
     *
     * @param other the second operand
     * @return the expression
     */
    public Expr mod(Expr other) {
        return binary(Code.MOD, other);
    }

    /**
     * {@link Code#FMOD} of this expression and another.
     *
     * @param other the second operand
     * @return the expression
     */
    public Expr fmod(Expr other) {
        return binary(Code.FMOD, other);
    }

    /**
     * {@link Code#POLYGAMMA} of this expression and another.
     *
     * @param other the second operand
     * @return the expression
     */
    public Expr polygamma(Expr other) {
        return binary(Code.POLYGAMMA, other);
    }

    /**
     * {@link Code#BIT_AND} of this expression and another.
     *
     * @param other the second operand
     * @return the expression
     */
    public Expr bitAnd(Expr other) {
        return binary(Code.BIT_AND, other);
    }

    /**
     * {@link Code#BIT_OR} of this expression and another.
     *
     * @param other the second operand
     * @return the expression
     */
    public Expr bitOr(Expr other) {
        return binary(Code.BIT_OR, other);
    }

    /**
     * {@link Code#BIT_XOR} of this expression and another.
     *
     * @param other the second operand
     * @return the expression
     */
    public Expr bitXor(Expr other) {
        return binary(Code.BIT_XOR, other);
    }

    /**
     * {@link Code#SHIFT_LEFT} of this expression and another.
     *
     * @param other the second operand
     * @return the expression
     */
    public Expr shiftLeft(Expr other) {
        return binary(Code.SHIFT_LEFT, other);
    }

    /**
     * {@link Code#SHIFT_RIGHT} of this expression and another.
     *
     * @param other the second operand
     * @return the expression
     */
    public Expr shiftRight(Expr other) {
        return binary(Code.SHIFT_RIGHT, other);
    }

    /**
     * {@link Code#MAX} of this expression and another.
     *
     * @param other the second operand
     * @return the expression
     */
    public Expr max(Expr other) {
        return binary(Code.MAX, other);
    }

    /**
     * {@link Code#MIN} of this expression and another.
     *
     * @param other the second operand
     * @return the expression
     */
    public Expr min(Expr other) {
        return binary(Code.MIN, other);
    }

    /**
     * {@link Code#ATAN2} of this expression and another.
     *
     * @param other the second operand
     * @return the expression
     */
    public Expr atan2(Expr other) {
        return binary(Code.ATAN2, other);
    }

    /**
     * {@link Code#EQ} of this expression and another.
     *
     * @param other the second operand
     * @return the expression
     */
    public Expr eq(Expr other) {
        return binary(Code.EQ, other);
    }

    /**
     * {@link Code#NE} of this expression and another.
     *
     * @param other the second operand
     * @return the expression
     */
    public Expr ne(Expr other) {
        return binary(Code.NE, other);
    }

    /**
     * {@link Code#LT} of this expression and another.
     *
     * @param other the second operand
     * @return the expression
     */
    public Expr lt(Expr other) {
        return binary(Code.LT, other);
    }

    /**
     * {@link Code#LE} of this expression and another.
     *
     * @param other the second operand
     * @return the expression
     */
    public Expr le(Expr other) {
        return binary(Code.LE, other);
    }

    /**
     * {@link Code#GT} of this expression and another.
     *
     * @param other the second operand
     * @return the expression
     */
    public Expr gt(Expr other) {
        return binary(Code.GT, other);
    }

    /**
     * {@link Code#GE} of this expression and another.
     *
     * @param other the second operand
     * @return the expression
     */
    public Expr ge(Expr other) {
        return binary(Code.GE, other);
    }

    /**
     * {@link Code#AND} of this expression and another.
     *
     * @param other the second operand
     * @return the expression
     */
    public Expr and(Expr other) {
        return binary(Code.AND, other);
    }

    /**
     * {@link Code#OR} of this expression and another.
     *
     * @param other the second operand
     * @return the expression
     */
    public Expr or(Expr other) {
        return binary(Code.OR, other);
    }

    /**
     * {@link Code#ADD} of this expression and a number.
     *
     * @param other the second operand
     * @return the expression
     */
    public Expr add(double other) {
        return binary(Code.ADD, constant(other));
    }

    /**
     * {@link Code#SUB} of this expression and a number.
     *
     * @param other the second operand
     * @return the expression
     */
    public Expr sub(double other) {
        return binary(Code.SUB, constant(other));
    }

    /**
     * {@link Code#MUL} of this expression and a number.
     *
     * @param other the second operand
     * @return the expression
     */
    public Expr mul(double other) {
        return binary(Code.MUL, constant(other));
    }

    /**
     * {@link Code#DIV} of this expression and a number.
     *
     * @param other the second operand
     * @return the expression
     */
    public Expr div(double other) {
        return binary(Code.DIV, constant(other));
    }

    /**
     * {@link Code#MAX} of this expression and a number.
     *
     * @param other the second operand
     * @return the expression
     */
    public Expr max(double other) {
        return binary(Code.MAX, constant(other));
    }

    /**
     * {@link Code#MIN} of this expression and a number.
     *
     * @param other the second operand
     * @return the expression
     */
    public Expr min(double other) {
        return binary(Code.MIN, constant(other));
    }

    /**
     * {@link Code#GT} of this expression and a number.
     *
     * @param other the second operand
     * @return the expression
     */
    public Expr gt(double other) {
        return binary(Code.GT, constant(other));
    }

    /**
     * {@link Code#LT} of this expression and a number.
     *
     * @param other the second operand
     * @return the expression
     */
    public Expr lt(double other) {
        return binary(Code.LT, constant(other));
    }

    /**
     * {@link Code#EQ} of this expression and a number.
     *
     * @param other the second operand
     * @return the expression
     */
    public Expr eq(double other) {
        return binary(Code.EQ, constant(other));
    }
}
