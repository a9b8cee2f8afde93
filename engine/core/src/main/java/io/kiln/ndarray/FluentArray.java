package io.kiln.ndarray;

import io.kiln.op.BroadcastTo;
import io.kiln.op.Cast;
import io.kiln.op.Copy;
import io.kiln.op.Dispatch;
import io.kiln.op.Linalg;
import io.kiln.op.Movement;
import io.kiln.op.Neural;
import io.kiln.op.Reductions;
import io.kiln.op.Reshape;
import io.kiln.op.Sum;
import io.kiln.op.Transpose;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** The commonest reductions and movements as methods; all others are static methods in {@link io.kiln.op}. */
public abstract sealed class FluentArray extends PointwiseArray permits NDArray {
    FluentArray() {}

    /**
     * The matrix product over the last two axes; the axes in front broadcast.
     *
     * @param other the right operand
     * @return a new array
     */
    public NDArray matmul(NDArray other) {
        return Linalg.matmul(self(), other);
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

    /**
     * The mean over axes.
     *
     * @param axes the axes, negative ones counted from the end; none for all
     * @return a new array without those axes
     */
    public NDArray mean(int... axes) {
        return Reductions.mean(self(), axes);
    }

    /**
     * The largest element over axes.
     *
     * @param axes the axes, negative ones counted from the end; none for all
     * @return a new array without those axes
     */
    public NDArray max(int... axes) {
        return Reductions.max(self(), axes);
    }

    /**
     * The smallest element over axes.
     *
     * @param axes the axes, negative ones counted from the end; none for all
     * @return a new array without those axes
     */
    public NDArray min(int... axes) {
        return Reductions.min(self(), axes);
    }

    /**
     * Where the largest element of an axis is; the first of equals.
     *
     * @param axis the axis; negative ones count from the end
     * @return indices of int64, without that axis
     */
    public NDArray argMax(int axis) {
        return Reductions.argMax(self(), axis);
    }

    /**
     * Where the smallest element of an axis is; the first of equals.
     *
     * @param axis the axis; negative ones count from the end
     * @return indices of int64, without that axis
     */
    public NDArray argMin(int axis) {
        return Reductions.argMin(self(), axis);
    }

    /**
     * The product over axes.
     *
     * @param axes the axes, negative ones counted from the end; none for all
     * @return a new array without those axes
     */
    public NDArray prod(int... axes) {
        return Reductions.prod(self(), axes);
    }

    /**
     * Softmax along an axis.
     *
     * @param axis the axis; negative ones count from the end
     * @return probabilities, of the same shape
     */
    public NDArray softmax(int axis) {
        return Neural.softmax(self(), axis);
    }

    /**
     * The logarithm of the softmax along an axis.
     *
     * @param axis the axis; negative ones count from the end
     * @return logarithms of probabilities, of the same shape
     */
    public NDArray logSoftmax(int axis) {
        return Neural.logSoftmax(self(), axis);
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
     * Part of one axis, as in Python: negative bounds count from the end.
     *
     * @param axis the axis; negative ones count from the end
     * @param start first index
     * @param stop bound, not included; Long.MAX_VALUE for the end
     * @return a view
     */
    public NDArray slice(int axis, long start, long stop) {
        return Movement.slice(self(), axis, start, stop, 1);
    }

    /**
     * Part of one axis, every step-th entry.
     *
     * @param axis the axis; negative ones count from the end
     * @param start first index
     * @param stop bound, not included; Long.MAX_VALUE for the end
     * @param step distance, not 0; a negative one gives a copy in reverse order
     * @return a view
     */
    public NDArray slice(int axis, long start, long stop, long step) {
        return Movement.slice(self(), axis, start, stop, step);
    }

    /**
     * Inserts an axis of size 1.
     *
     * @param axis where it stands in the result; negative ones count from its end
     * @return a view
     */
    public NDArray expandDims(int axis) {
        return Movement.expandDims(self(), axis);
    }

    /**
     * Removes axes of size 1.
     *
     * @param axes the axes; none for all of size 1
     * @return a view
     */
    public NDArray squeeze(int... axes) {
        return Movement.squeeze(self(), axes);
    }

    /**
     * Joins an axis and all behind it.
     *
     * @param startAxis the first axis to join
     * @return a view where possible, otherwise a new array
     */
    public NDArray flatten(int startAxis) {
        return Movement.flatten(self(), startAxis);
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
