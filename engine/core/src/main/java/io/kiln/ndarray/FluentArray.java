package io.kiln.ndarray;

import io.kiln.op.Add;
import io.kiln.op.AddScalar;
import io.kiln.op.BroadcastTo;
import io.kiln.op.Cast;
import io.kiln.op.Copy;
import io.kiln.op.Dispatch;
import io.kiln.op.MatMul;
import io.kiln.op.Mul;
import io.kiln.op.MulScalar;
import io.kiln.op.Neg;
import io.kiln.op.Relu;
import io.kiln.op.Reshape;
import io.kiln.op.Sub;
import io.kiln.op.Sum;
import io.kiln.op.Transpose;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** The commonest operators as methods; all others are static methods in {@link io.kiln.op}. */
public abstract sealed class FluentArray extends HostArray permits NDArray {
    FluentArray() {}

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
     * @param other what is subtracted
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
     * Every element negated.
     *
     * @return a new array
     */
    public NDArray neg() {
        return Dispatch.one(new Neg(), self());
    }

    /**
     * max(x, 0).
     *
     * @return a new array
     */
    public NDArray relu() {
        return Dispatch.one(new Relu(), self());
    }

    /**
     * The matrix product over the last two axes; the axes in front broadcast.
     *
     * @param other the right operand
     * @return a new array
     */
    public NDArray matmul(NDArray other) {
        return Dispatch.one(new MatMul(), self(), other);
    }

    /**
     * The sum over axes.
     *
     * @param axes the axes, negative ones counted from the end; none for all
     * @return a new array without those axes
     */
    public NDArray sum(int... axes) {
        return Dispatch.one(new Sum(axes(axes), false), self());
    }

    private List<Long> axes(int... axes) {
        Shape s = self().shape();
        return IntStream.of(axes).map(s::axis).sorted().mapToObj(a -> (long) a).toList();
    }

    /**
     * The same elements under another shape; a view where possible.
     *
     * @param shape the new shape; one size may be -1
     * @return a view, or a new array
     */
    public NDArray reshape(Shape shape) {
        return Dispatch.one(new Reshape(shape), self());
    }

    /**
     * The same elements under another shape; a view where possible.
     *
     * @param dims the new sizes; one may be -1
     * @return a view, or a new array
     */
    public NDArray reshape(long... dims) {
        return reshape(Shape.of(dims));
    }

    /**
     * Permutes the axes.
     *
     * @param axes which axis comes first, second, …; none to reverse them all
     * @return a view
     */
    public NDArray transpose(int... axes) {
        int rank = self().shape().rank();
        List<Long> permutation = axes.length == 0
                ? LongStream.range(0, rank).map(i -> rank - 1 - i).boxed().toList()
                : IntStream.of(axes)
                        .mapToObj(a -> (long) self().shape().axis(a))
                        .toList();
        return Dispatch.one(new Transpose(permutation), self());
    }

    /**
     * Repeats along axes of size 1 and along new axes in front.
     *
     * @param shape the new shape
     * @return a view
     */
    public NDArray broadcastTo(Shape shape) {
        return Dispatch.one(new BroadcastTo(shape), self());
    }

    /**
     * The elements in another type.
     *
     * @param dtype the type
     * @return a new array, or this one when it has that type already
     */
    public NDArray cast(DType dtype) {
        return dtype == self().dtype() ? self() : Dispatch.one(new Cast(dtype), self());
    }

    /**
     * A row-major copy.
     *
     * @return a new array
     */
    public NDArray copy() {
        return Dispatch.one(new Copy(), self());
    }
}
