package io.kiln.ndarray;

import io.kiln.op.Dispatch;
import io.kiln.op.activation.Relu;
import io.kiln.op.activation.Sigmoid;
import io.kiln.op.math.Abs;
import io.kiln.op.math.Add;
import io.kiln.op.math.AddScalar;
import io.kiln.op.math.Clip;
import io.kiln.op.math.Comparison;
import io.kiln.op.math.Div;
import io.kiln.op.math.DivScalar;
import io.kiln.op.math.Elementwise;
import io.kiln.op.math.Eq;
import io.kiln.op.math.Exp;
import io.kiln.op.math.Ge;
import io.kiln.op.math.Gt;
import io.kiln.op.math.IsFinite;
import io.kiln.op.math.IsNan;
import io.kiln.op.math.Le;
import io.kiln.op.math.Log;
import io.kiln.op.math.Lt;
import io.kiln.op.math.Maximum;
import io.kiln.op.math.Minimum;
import io.kiln.op.math.Mul;
import io.kiln.op.math.MulScalar;
import io.kiln.op.math.Ne;
import io.kiln.op.math.Neg;
import io.kiln.op.math.Pow;
import io.kiln.op.math.PowScalar;
import io.kiln.op.math.Sign;
import io.kiln.op.math.Sqrt;
import io.kiln.op.math.Square;
import io.kiln.op.math.StraightThrough;
import io.kiln.op.math.Sub;
import io.kiln.op.math.Tanh;

/** The commonest elementwise operators as methods; all of them stand in {@link Elementwise}. */
public abstract sealed class PointwiseArray extends HostArray permits FunctionArray {
    PointwiseArray() {}

    /**
     * The sum, element by element; shapes broadcast.
     *
     * @param other the second operand
     * @return a new array
     */
    public NDArray add(NDArray other) {
        return Dispatch.one(new Add(), self(), other);
    }

    /**
     * Every element plus a number.
     *
     * @param c the number
     * @return a new array
     */
    public NDArray add(double c) {
        return Dispatch.one(new AddScalar(c), self());
    }

    /**
     * The difference, element by element; shapes broadcast.
     *
     * @param other the second operand
     * @return a new array
     */
    public NDArray sub(NDArray other) {
        return Dispatch.one(new Sub(), self(), other);
    }

    /**
     * Every element minus a number.
     *
     * @param c the number
     * @return a new array
     */
    public NDArray sub(double c) {
        return add(-c);
    }

    /**
     * The product, element by element; shapes broadcast.
     *
     * @param other the second operand
     * @return a new array
     */
    public NDArray mul(NDArray other) {
        return Dispatch.one(new Mul(), self(), other);
    }

    /**
     * Every element times a number.
     *
     * @param c the number
     * @return a new array
     */
    public NDArray mul(double c) {
        return Dispatch.one(new MulScalar(c), self());
    }

    /**
     * The quotient, element by element; shapes broadcast.
     *
     * @param other the second operand
     * @return a new array
     */
    public NDArray div(NDArray other) {
        return Dispatch.one(new Div(), self(), other);
    }

    /**
     * Every element divided by a number.
     *
     * @param c the number
     * @return a new array
     */
    public NDArray div(double c) {
        return Dispatch.one(new DivScalar(c), self());
    }

    /**
     * The power, element by element; shapes broadcast.
     *
     * @param other the second operand
     * @return a new array
     */
    public NDArray pow(NDArray other) {
        return Dispatch.one(new Pow(), self(), other);
    }

    /**
     * Every element raised to a power.
     *
     * @param c the number
     * @return a new array
     */
    public NDArray pow(double c) {
        return c == 2 ? square() : Dispatch.one(new PowScalar(c), self());
    }

    /**
     * The larger of two, element by element; shapes broadcast.
     *
     * @param other the second operand
     * @return a new array
     */
    public NDArray maximum(NDArray other) {
        return Dispatch.one(new Maximum(), self(), other);
    }

    /**
     * The smaller of two, element by element; shapes broadcast.
     *
     * @param other the second operand
     * @return a new array
     */
    public NDArray minimum(NDArray other) {
        return Dispatch.one(new Minimum(), self(), other);
    }

    /**
     * Every element limited to a range.
     *
     * @param min the lower bound
     * @param max the upper bound
     * @return a new array
     */
    public NDArray clip(double min, double max) {
        return Dispatch.one(new Clip(min, max, false), self());
    }

    /**
     * Every element negated.
     *
     * @return a new array
     */
    public NDArray neg() {
        return Dispatch.one(new Neg(), self());
    }

    /**
     * |x|, element by element.
     *
     * @return a new array
     */
    public NDArray abs() {
        return Dispatch.one(new Abs(), self());
    }

    /**
     * -1, 0 or 1, element by element; its gradient is 0.
     *
     * @return a new array
     */
    public NDArray sign() {
        return Dispatch.one(new Sign(StraightThrough.NONE), self());
    }

    /**
     * x squared, element by element.
     *
     * @return a new array
     */
    public NDArray square() {
        return Dispatch.one(new Square(), self());
    }

    /**
     * The square root, element by element.
     *
     * @return a new array
     */
    public NDArray sqrt() {
        return Dispatch.one(new Sqrt(), self());
    }

    /**
     * e to the power x, element by element.
     *
     * @return a new array
     */
    public NDArray exp() {
        return Dispatch.one(new Exp(), self());
    }

    /**
     * The natural logarithm, element by element.
     *
     * @return a new array
     */
    public NDArray log() {
        return Dispatch.one(new Log(), self());
    }

    /**
     * max(x, 0), element by element.
     *
     * @return a new array
     */
    public NDArray relu() {
        return Dispatch.one(new Relu(), self());
    }

    /**
     * 1 / (1 + exp(-x)), element by element.
     *
     * @return a new array
     */
    public NDArray sigmoid() {
        return Dispatch.one(new Sigmoid(), self());
    }

    /**
     * The hyperbolic tangent, element by element.
     *
     * @return a new array
     */
    public NDArray tanh() {
        return Dispatch.one(new Tanh(), self());
    }

    /**
     * True where x is NaN.
     *
     * @return a new array
     */
    public NDArray isNan() {
        return Dispatch.one(new IsNan(), self());
    }

    /**
     * True where x is neither infinite nor NaN.
     *
     * @return a new array
     */
    public NDArray isFinite() {
        return Dispatch.one(new IsFinite(), self());
    }

    /**
     * True where this array equals the other; shapes broadcast.
     *
     * @param other the second operand
     * @return an array of bool
     */
    public NDArray eq(NDArray other) {
        return Dispatch.one(new Eq(), self(), other);
    }

    /**
     * True where this array equals a number.
     *
     * @param c the number
     * @return an array of bool
     */
    public NDArray eq(double c) {
        return Elementwise.compare(self(), Comparison.EQ, c);
    }

    /**
     * True where this array differs from the other; shapes broadcast.
     *
     * @param other the second operand
     * @return an array of bool
     */
    public NDArray ne(NDArray other) {
        return Dispatch.one(new Ne(), self(), other);
    }

    /**
     * True where this array differs from a number.
     *
     * @param c the number
     * @return an array of bool
     */
    public NDArray ne(double c) {
        return Elementwise.compare(self(), Comparison.NE, c);
    }

    /**
     * True where this array is less than the other; shapes broadcast.
     *
     * @param other the second operand
     * @return an array of bool
     */
    public NDArray lt(NDArray other) {
        return Dispatch.one(new Lt(), self(), other);
    }

    /**
     * True where this array is less than a number.
     *
     * @param c the number
     * @return an array of bool
     */
    public NDArray lt(double c) {
        return Elementwise.compare(self(), Comparison.LT, c);
    }

    /**
     * True where this array is at most the other; shapes broadcast.
     *
     * @param other the second operand
     * @return an array of bool
     */
    public NDArray le(NDArray other) {
        return Dispatch.one(new Le(), self(), other);
    }

    /**
     * True where this array is at most a number.
     *
     * @param c the number
     * @return an array of bool
     */
    public NDArray le(double c) {
        return Elementwise.compare(self(), Comparison.LE, c);
    }

    /**
     * True where this array is greater than the other; shapes broadcast.
     *
     * @param other the second operand
     * @return an array of bool
     */
    public NDArray gt(NDArray other) {
        return Dispatch.one(new Gt(), self(), other);
    }

    /**
     * True where this array is greater than a number.
     *
     * @param c the number
     * @return an array of bool
     */
    public NDArray gt(double c) {
        return Elementwise.compare(self(), Comparison.GT, c);
    }

    /**
     * True where this array is at least the other; shapes broadcast.
     *
     * @param other the second operand
     * @return an array of bool
     */
    public NDArray ge(NDArray other) {
        return Dispatch.one(new Ge(), self(), other);
    }

    /**
     * True where this array is at least a number.
     *
     * @param c the number
     * @return an array of bool
     */
    public NDArray ge(double c) {
        return Elementwise.compare(self(), Comparison.GE, c);
    }
}
