package io.kiln.op;

import io.kiln.op.math.Add;
import io.kiln.op.math.AddScalar;
import io.kiln.op.math.And;
import io.kiln.op.math.Atan2;
import io.kiln.op.math.BitwiseAnd;
import io.kiln.op.math.BitwiseOr;
import io.kiln.op.math.BitwiseXor;
import io.kiln.op.math.Comparison;
import io.kiln.op.math.Div;
import io.kiln.op.math.DivScalar;
import io.kiln.op.math.Eq;
import io.kiln.op.math.FloorDiv;
import io.kiln.op.math.Fmod;
import io.kiln.op.math.Ge;
import io.kiln.op.math.Gt;
import io.kiln.op.math.Hypot;
import io.kiln.op.math.Le;
import io.kiln.op.math.Lerp;
import io.kiln.op.math.LogAddExp;
import io.kiln.op.math.Lt;
import io.kiln.op.math.Maximum;
import io.kiln.op.math.Minimum;
import io.kiln.op.math.Mod;
import io.kiln.op.math.Mul;
import io.kiln.op.math.MulScalar;
import io.kiln.op.math.Ne;
import io.kiln.op.math.Or;
import io.kiln.op.math.Pow;
import io.kiln.op.math.PowScalar;
import io.kiln.op.math.ShiftLeft;
import io.kiln.op.math.ShiftRight;
import io.kiln.op.math.Square;
import io.kiln.op.math.Sub;
import io.kiln.op.math.TruncDiv;
import io.kiln.op.math.Where;
import io.kiln.op.math.Xlogy;
import io.kiln.op.math.Xor;

/**
 * Elementwise operators of two values, as methods.
 *
 * @param <T> array or symbol
 */
public abstract class ArithmeticOperand<T extends Operand<T>> extends FunctionOperand<T> {
    ArithmeticOperand() {}

    /**
     * The sum; shapes broadcast.
     *
     * @param other the second operand
     * @return the result, element by element
     */
    public T add(T other) {
        return apply(new Add(), other);
    }

    /**
     * Each element plus a number.
     *
     * @param c the number
     * @return the result, element by element
     */
    public T add(double c) {
        return apply(new AddScalar(c));
    }

    /**
     * The difference; shapes broadcast.
     *
     * @param other the second operand
     * @return the result, element by element
     */
    public T sub(T other) {
        return apply(new Sub(), other);
    }

    /**
     * Each element minus a number.
     *
     * @param c the number
     * @return the result, element by element
     */
    public T sub(double c) {
        return add(-c);
    }

    /**
     * The product; shapes broadcast.
     *
     * @param other the second operand
     * @return the result, element by element
     */
    public T mul(T other) {
        return apply(new Mul(), other);
    }

    /**
     * Each element times a number.
     *
     * @param c the number
     * @return the result, element by element
     */
    public T mul(double c) {
        return apply(new MulScalar(c));
    }

    /**
     * The quotient; shapes broadcast.
     *
     * @param other the second operand
     * @return the result, element by element
     */
    public T div(T other) {
        return apply(new Div(), other);
    }

    /**
     * Each element divided by a number.
     *
     * @param c the number
     * @return the result, element by element
     */
    public T div(double c) {
        return apply(new DivScalar(c));
    }

    /**
     * The power; shapes broadcast.
     *
     * @param other the second operand
     * @return the result, element by element
     */
    public T pow(T other) {
        return apply(new Pow(), other);
    }

    /**
     * Each element raised to a power.
     *
     * @param c the exponent
     * @return the result, element by element
     */
    public T pow(double c) {
        return c == 2 ? apply(new Square()) : apply(new PowScalar(c));
    }

    /**
     * The quotient rounded down; shapes broadcast.
     *
     * @param other the second operand
     * @return the result, element by element
     */
    public T floorDiv(T other) {
        return apply(new FloorDiv(), other);
    }

    /**
     * The quotient rounded towards 0; shapes broadcast.
     *
     * @param other the second operand
     * @return the result, element by element
     */
    public T truncDiv(T other) {
        return apply(new TruncDiv(), other);
    }

    /**
     * The remainder of the quotient rounded down, with the sign of the divisor, as in Python; shapes broadcast.
     *
     * @param other the second operand
     * @return the result, element by element
     */
    public T mod(T other) {
        return apply(new Mod(), other);
    }

    /**
     * The remainder of the quotient rounded towards 0, with the sign of the dividend, as in C and Java; shapes broadcast.
     *
     * @param other the second operand
     * @return the result, element by element
     */
    public T fmod(T other) {
        return apply(new Fmod(), other);
    }

    /**
     * The larger of two; shapes broadcast.
     *
     * @param other the second operand
     * @return the result, element by element
     */
    public T maximum(T other) {
        return apply(new Maximum(), other);
    }

    /**
     * The smaller of two; shapes broadcast.
     *
     * @param other the second operand
     * @return the result, element by element
     */
    public T minimum(T other) {
        return apply(new Minimum(), other);
    }

    /**
     * The angle, in radians from -π to π, of the point whose ordinate is this and whose abscissa is the other; shapes
     * broadcast.
     *
     * @param other the second operand
     * @return the result, element by element
     */
    public T atan2(T other) {
        return apply(new Atan2(), other);
    }

    /**
     * √(x² + y²), without intermediate overflow; shapes broadcast.
     *
     * @param other the second operand
     * @return the result, element by element
     */
    public T hypot(T other) {
        return apply(new Hypot(), other);
    }

    /**
     * ln(exp(x) + exp(y)), without intermediate overflow; shapes broadcast.
     *
     * @param other the second operand
     * @return the result, element by element
     */
    public T logAddExp(T other) {
        return apply(new LogAddExp(), other);
    }

    /**
     * x ln(y), and 0 where x is 0; shapes broadcast.
     *
     * @param other the second operand
     * @return the result, element by element
     */
    public T xlogy(T other) {
        return apply(new Xlogy(), other);
    }

    /**
     * True where this equals the other; shapes broadcast.
     *
     * @param other the second operand
     * @return the result, element by element
     */
    public T eq(T other) {
        return apply(new Eq(), other);
    }

    /**
     * True where this equals a number.
     *
     * @param c the number
     * @return elements of bool
     */
    public T eq(double c) {
        return compare(Comparison.EQ, c);
    }

    /**
     * True where this differs from the other; shapes broadcast.
     *
     * @param other the second operand
     * @return the result, element by element
     */
    public T ne(T other) {
        return apply(new Ne(), other);
    }

    /**
     * True where this differs from a number.
     *
     * @param c the number
     * @return elements of bool
     */
    public T ne(double c) {
        return compare(Comparison.NE, c);
    }

    /**
     * True where this is less than the other; shapes broadcast.
     *
     * @param other the second operand
     * @return the result, element by element
     */
    public T lt(T other) {
        return apply(new Lt(), other);
    }

    /**
     * True where this is less than a number.
     *
     * @param c the number
     * @return elements of bool
     */
    public T lt(double c) {
        return compare(Comparison.LT, c);
    }

    /**
     * True where this is at most the other; shapes broadcast.
     *
     * @param other the second operand
     * @return the result, element by element
     */
    public T le(T other) {
        return apply(new Le(), other);
    }

    /**
     * True where this is at most a number.
     *
     * @param c the number
     * @return elements of bool
     */
    public T le(double c) {
        return compare(Comparison.LE, c);
    }

    /**
     * True where this is greater than the other; shapes broadcast.
     *
     * @param other the second operand
     * @return the result, element by element
     */
    public T gt(T other) {
        return apply(new Gt(), other);
    }

    /**
     * True where this is greater than a number.
     *
     * @param c the number
     * @return elements of bool
     */
    public T gt(double c) {
        return compare(Comparison.GT, c);
    }

    /**
     * True where this is at least the other; shapes broadcast.
     *
     * @param other the second operand
     * @return the result, element by element
     */
    public T ge(T other) {
        return apply(new Ge(), other);
    }

    /**
     * True where this is at least a number.
     *
     * @param c the number
     * @return elements of bool
     */
    public T ge(double c) {
        return compare(Comparison.GE, c);
    }

    /**
     * True where both differ from 0; shapes broadcast.
     *
     * @param other the second operand
     * @return the result, element by element
     */
    public T logicalAnd(T other) {
        return apply(new And(), other);
    }

    /**
     * True where one of the two differs from 0; shapes broadcast.
     *
     * @param other the second operand
     * @return the result, element by element
     */
    public T logicalOr(T other) {
        return apply(new Or(), other);
    }

    /**
     * True where exactly one of the two differs from 0; shapes broadcast.
     *
     * @param other the second operand
     * @return the result, element by element
     */
    public T logicalXor(T other) {
        return apply(new Xor(), other);
    }

    /**
     * The bits that both integers have; shapes broadcast.
     *
     * @param other the second operand
     * @return the result, element by element
     */
    public T bitwiseAnd(T other) {
        return apply(new BitwiseAnd(), other);
    }

    /**
     * The bits that one of two integers has; shapes broadcast.
     *
     * @param other the second operand
     * @return the result, element by element
     */
    public T bitwiseOr(T other) {
        return apply(new BitwiseOr(), other);
    }

    /**
     * The bits that exactly one of two integers has; shapes broadcast.
     *
     * @param other the second operand
     * @return the result, element by element
     */
    public T bitwiseXor(T other) {
        return apply(new BitwiseXor(), other);
    }

    /**
     * The bits of integers shifted left by the number of places in the other; shapes broadcast.
     *
     * @param other the second operand
     * @return the result, element by element
     */
    public T leftShift(T other) {
        return apply(new ShiftLeft(), other);
    }

    /**
     * The bits of integers shifted right by the number of places in the other; shapes broadcast.
     *
     * @param other the second operand
     * @return the result, element by element
     */
    public T rightShift(T other) {
        return apply(new ShiftRight(), other);
    }

    /**
     * This where the condition differs from 0, and the other elsewhere; shapes broadcast.
     *
     * @param condition the condition
     * @param other the elements where it does not hold
     * @return the elements chosen
     */
    public T where(T condition, T other) {
        return condition.apply(new Where(), self(), other);
    }

    /**
     * This + weight · (end − this); shapes broadcast.
     *
     * @param end what a weight of 1 gives
     * @param weight how far to go from this to the end
     * @return the result, element by element
     */
    public T lerp(T end, T weight) {
        return apply(new Lerp(), end, weight);
    }
}
