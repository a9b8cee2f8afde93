package io.kiln.symbol;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import io.kiln.op.Cast;
import io.kiln.op.Operator;
import io.kiln.op.activation.LogSoftmax;
import io.kiln.op.activation.Relu;
import io.kiln.op.activation.Sigmoid;
import io.kiln.op.activation.Softmax;
import io.kiln.op.linalg.MatMul;
import io.kiln.op.math.Abs;
import io.kiln.op.math.Add;
import io.kiln.op.math.AddScalar;
import io.kiln.op.math.Div;
import io.kiln.op.math.DivScalar;
import io.kiln.op.math.Eq;
import io.kiln.op.math.Exp;
import io.kiln.op.math.Gt;
import io.kiln.op.math.Log;
import io.kiln.op.math.Lt;
import io.kiln.op.math.Maximum;
import io.kiln.op.math.Minimum;
import io.kiln.op.math.Mul;
import io.kiln.op.math.MulScalar;
import io.kiln.op.math.Neg;
import io.kiln.op.math.Pow;
import io.kiln.op.math.PowScalar;
import io.kiln.op.math.Sqrt;
import io.kiln.op.math.Square;
import io.kiln.op.math.Sub;
import io.kiln.op.math.Tanh;
import io.kiln.op.nn.Dropout;
import io.kiln.op.reduce.Max;
import io.kiln.op.reduce.Mean;
import io.kiln.op.reduce.Min;
import io.kiln.op.reduce.Sum;
import io.kiln.op.shape.ExpandDims;
import io.kiln.op.shape.Flatten;
import io.kiln.op.shape.Reshape;
import io.kiln.op.shape.Slice;
import io.kiln.op.shape.Transpose;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/** The commonest operators as methods of symbols, named as those of {@link io.kiln.ndarray.NDArray}. */
public abstract sealed class FluentSymbol permits Symbol {
    FluentSymbol() {}

    abstract Symbol self();

    private Symbol apply(Operator operator) {
        return Symbol.of(operator, self());
    }

    private Symbol apply(Operator operator, Symbol other) {
        return Symbol.of(operator, self(), other);
    }

    /**
     * The sum, element by element; shapes broadcast.
     *
     * @param other the second operand
     * @return a new symbol
     */
    public Symbol add(Symbol other) {
        return apply(new Add(), other);
    }

    /**
     * Every element plus a number.
     *
     * @param c the number
     * @return a new symbol
     */
    public Symbol add(double c) {
        return apply(new AddScalar(c));
    }

    /**
     * The difference, element by element; shapes broadcast.
     *
     * @param other the second operand
     * @return a new symbol
     */
    public Symbol sub(Symbol other) {
        return apply(new Sub(), other);
    }

    /**
     * Every element minus a number.
     *
     * @param c the number
     * @return a new symbol
     */
    public Symbol sub(double c) {
        return add(-c);
    }

    /**
     * The product, element by element; shapes broadcast.
     *
     * @param other the second operand
     * @return a new symbol
     */
    public Symbol mul(Symbol other) {
        return apply(new Mul(), other);
    }

    /**
     * Every element times a number.
     *
     * @param c the number
     * @return a new symbol
     */
    public Symbol mul(double c) {
        return apply(new MulScalar(c));
    }

    /**
     * The quotient, element by element; shapes broadcast.
     *
     * @param other the second operand
     * @return a new symbol
     */
    public Symbol div(Symbol other) {
        return apply(new Div(), other);
    }

    /**
     * Every element divided by a number.
     *
     * @param c the number
     * @return a new symbol
     */
    public Symbol div(double c) {
        return apply(new DivScalar(c));
    }

    /**
     * The power, element by element; shapes broadcast.
     *
     * @param other the second operand
     * @return a new symbol
     */
    public Symbol pow(Symbol other) {
        return apply(new Pow(), other);
    }

    /**
     * Every element to a power.
     *
     * @param c the exponent
     * @return a new symbol
     */
    public Symbol pow(double c) {
        return apply(new PowScalar(c));
    }

    /**
     * The larger one, element by element; shapes broadcast.
     *
     * @param other the second operand
     * @return a new symbol
     */
    public Symbol maximum(Symbol other) {
        return apply(new Maximum(), other);
    }

    /**
     * The smaller one, element by element; shapes broadcast.
     *
     * @param other the second operand
     * @return a new symbol
     */
    public Symbol minimum(Symbol other) {
        return apply(new Minimum(), other);
    }

    /**
     * 1 where greater, 0 elsewhere; shapes broadcast.
     *
     * @param other the second operand
     * @return a new symbol
     */
    public Symbol gt(Symbol other) {
        return apply(new Gt(), other);
    }

    /**
     * 1 where less, 0 elsewhere; shapes broadcast.
     *
     * @param other the second operand
     * @return a new symbol
     */
    public Symbol lt(Symbol other) {
        return apply(new Lt(), other);
    }

    /**
     * 1 where equal, 0 elsewhere; shapes broadcast.
     *
     * @param other the second operand
     * @return a new symbol
     */
    public Symbol eq(Symbol other) {
        return apply(new Eq(), other);
    }

    /**
     * The negative, element by element.
     *
     * @return a new symbol
     */
    public Symbol neg() {
        return apply(new Neg());
    }

    /**
     * The absolute value, element by element.
     *
     * @return a new symbol
     */
    public Symbol abs() {
        return apply(new Abs());
    }

    /**
     * The exponential function, element by element.
     *
     * @return a new symbol
     */
    public Symbol exp() {
        return apply(new Exp());
    }

    /**
     * The natural logarithm, element by element.
     *
     * @return a new symbol
     */
    public Symbol log() {
        return apply(new Log());
    }

    /**
     * The square root, element by element.
     *
     * @return a new symbol
     */
    public Symbol sqrt() {
        return apply(new Sqrt());
    }

    /**
     * The square, element by element.
     *
     * @return a new symbol
     */
    public Symbol square() {
        return apply(new Square());
    }

    /**
     * The larger of the element and 0.
     *
     * @return a new symbol
     */
    public Symbol relu() {
        return apply(new Relu());
    }

    /**
     * The logistic function, element by element.
     *
     * @return a new symbol
     */
    public Symbol sigmoid() {
        return apply(new Sigmoid());
    }

    /**
     * The hyperbolic tangent, element by element.
     *
     * @return a new symbol
     */
    public Symbol tanh() {
        return apply(new Tanh());
    }

    /**
     * The matrix product over the last two axes; the axes in front broadcast.
     *
     * @param other the right operand
     * @return a new symbol
     */
    public Symbol matmul(Symbol other) {
        return apply(new MatMul(), other);
    }

    /**
     * The sum over axes.
     *
     * @param axes the axes, negative ones counted from the end; none for all
     * @return a new symbol
     */
    public Symbol sum(int... axes) {
        return apply(new Sum(axes(axes), false));
    }

    /**
     * The mean over axes.
     *
     * @param axes the axes, negative ones counted from the end; none for all
     * @return a new symbol
     */
    public Symbol mean(int... axes) {
        return apply(new Mean(axes(axes), false));
    }

    /**
     * The largest element over axes.
     *
     * @param axes the axes, negative ones counted from the end; none for all
     * @return a new symbol
     */
    public Symbol max(int... axes) {
        return apply(new Max(axes(axes), false));
    }

    /**
     * The smallest element over axes.
     *
     * @param axes the axes, negative ones counted from the end; none for all
     * @return a new symbol
     */
    public Symbol min(int... axes) {
        return apply(new Min(axes(axes), false));
    }

    /**
     * Softmax along an axis.
     *
     * @param axis the axis; negative ones count from the end
     * @return a new symbol
     */
    public Symbol softmax(int axis) {
        return apply(new Softmax(axis));
    }

    /**
     * The logarithm of the softmax along an axis.
     *
     * @param axis the axis; negative ones count from the end
     * @return a new symbol
     */
    public Symbol logSoftmax(int axis) {
        return apply(new LogSoftmax(axis));
    }

    /**
     * The same elements under another shape.
     *
     * @param dims the new sizes; one may be -1
     * @return a new symbol
     */
    public Symbol reshape(long... dims) {
        return apply(new Reshape(Shape.of(dims)));
    }

    /**
     * Permutes the axes.
     *
     * @param axes which axis comes first, second, …; all of them, as the rank need not be known yet
     * @return a new symbol
     */
    public Symbol transpose(int... axes) {
        return apply(new Transpose(axes(axes)));
    }

    /**
     * Joins an axis and all behind it.
     *
     * @param startAxis the first axis to join
     * @return a new symbol
     */
    public Symbol flatten(int startAxis) {
        return apply(new Flatten(startAxis));
    }

    /**
     * Inserts an axis of size 1.
     *
     * @param axis where it stands in the result; negative ones count from its end
     * @return a new symbol
     */
    public Symbol expandDims(int axis) {
        return apply(new ExpandDims(axis));
    }

    /**
     * The elements in another type.
     *
     * @param dtype the type
     * @return a new symbol
     */
    public Symbol cast(DType dtype) {
        return apply(new Cast(dtype));
    }

    /**
     * Part of one axis, as in Python: negative bounds count from the end.
     *
     * @param axis the axis, counted from the front, as the rank need not be known yet
     * @param start first index
     * @param stop bound, not included; Long.MAX_VALUE for the end
     * @return a new symbol
     */
    public Symbol slice(int axis, long start, long stop) {
        List<Long> starts = new ArrayList<>(Collections.nCopies(axis, 0L));
        List<Long> stops = new ArrayList<>(Collections.nCopies(axis, Long.MAX_VALUE));
        starts.add(start);
        stops.add(stop);
        return apply(new Slice(List.copyOf(starts), List.copyOf(stops), Collections.nCopies(axis + 1, 1L)));
    }

    /**
     * Dropout: only in train mode.
     *
     * @param rate probability of an element to be dropped, 0 &le; rate &lt; 1
     * @return a new symbol
     */
    public Symbol dropout(double rate) {
        return apply(new Dropout(rate));
    }

    private static List<Long> axes(int... axes) {
        return IntStream.of(axes).mapToObj(a -> (long) a).toList();
    }
}
