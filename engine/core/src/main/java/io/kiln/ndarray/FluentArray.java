package io.kiln.ndarray;

import io.kiln.backend.Device;
import io.kiln.op.Cast;
import io.kiln.op.Copy;
import io.kiln.op.Creation;
import io.kiln.op.Dispatch;
import io.kiln.op.index.GatherNd;
import io.kiln.op.index.Indexing;
import io.kiln.op.index.ScatterMode;
import io.kiln.op.index.ScatterNdUpdate;
import io.kiln.op.internal.Transfer;
import io.kiln.op.linalg.Linalg;
import io.kiln.op.nn.Neural;
import io.kiln.op.reduce.Reductions;
import io.kiln.op.reduce.Sum;
import io.kiln.op.shape.BroadcastTo;
import io.kiln.op.shape.Movement;
import io.kiln.op.shape.Reshape;
import io.kiln.op.shape.Transpose;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** The commonest reductions and movements as methods; all others are static methods in {@link io.kiln.op}. */
public abstract sealed class FluentArray extends FunctionArray permits NDArray {
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

    /**
     * A part of this array, written as in NumPy: {@code x.get("…, 1:, ::2")}. One item per axis: an index, which drops the axis;
     * start:stop:step, each of which may be left out; {@code :} for a whole axis; {@code …} or {@code ...} for all axes between;
     * {@code None} for a new axis. Negative numbers count from the end.
     *
     * @param index the items, parted by commas
     * @return a view; a copy where a step is negative
     * @throws IllegalArgumentException when an item is none of these
     * @throws IndexOutOfBoundsException when an index is outside of its axis
     */
    public NDArray get(String index) {
        return Subscript.part(self(), index);
    }

    /**
     * The elements that a mask chooses, in row-major order, or the entries of axis 0 that indices name, as in NumPy. How many a
     * mask chooses depends on values: it cannot be traced.
     *
     * @param index bool of the shape of this array's first axes, or int32 or int64 indices, of which negative ones count from the
     *     end
     * @return a new array
     */
    public NDArray get(NDArray index) {
        return index.dtype() == DType.BOOL
                ? Indexing.gatherNd(self(), chosen("get", index))
                : Indexing.gather(self(), index, 0);
    }

    /**
     * The entries at places whose indices along the first axes stand side by side, as in NumPy: y[i,…] = x[a[i],b[i],…].
     *
     * @param first indices along axis 0
     * @param second indices along axis 1
     * @param others indices along the next axes; all broadcast
     * @return a new array
     */
    public NDArray get(NDArray first, NDArray second, NDArray... others) {
        return Indexing.gatherNd(self(), places("get", first, second, others));
    }

    /**
     * Overwrites a part of this array, written as in {@link #get(String)}, with one number.
     *
     * @param index the items, parted by commas
     * @param value the new value
     */
    public void set(String index, double value) {
        try (Scope scope = Scope.open()) {
            Subscript.place(self(), index).fill(value);
        }
    }

    /**
     * Overwrites a part of this array, written as in {@link #get(String)}.
     *
     * @param index the items, parted by commas
     * @param value the new elements, which broadcast to the part
     */
    public void set(String index, NDArray value) {
        try (Scope scope = Scope.open()) {
            Subscript.place(self(), index).assign(value);
        }
    }

    /**
     * Overwrites the elements that a mask chooses, or the entries of axis 0 that indices name; of several for one entry the last
     * one stays.
     *
     * @param index as in {@link #get(NDArray)}
     * @param value the new elements, which broadcast to what get would give
     */
    public void set(NDArray index, NDArray value) {
        try (Scope scope = Scope.open()) {
            NDArray x = self();
            NDArray rows = index.dtype() == DType.BOOL ? chosen("set", index) : index.expandDims(-1);
            NDArray part = Dispatch.withoutGradient(new GatherNd(), x, rows);
            NDArray updates = Dispatch.withoutGradient(new BroadcastTo(part.shape()), value.cast(x.dtype()));
            assign(Dispatch.withoutGradient(new ScatterNdUpdate(ScatterMode.SET), x, rows, updates));
        }
    }

    private NDArray chosen(String operation, NDArray mask) {
        Shape x = self().shape();
        boolean fits = mask.shape().rank() > 0 && mask.shape().rank() <= x.rank();
        for (int i = 0; fits && i < mask.shape().rank(); i++) {
            fits = mask.shape().dim(i) == x.dim(i);
        }
        if (!fits) {
            throw new ShapeException(operation + ": a mask must have the shape of the first axes of x" + x
                    + ", got mask" + mask.shape());
        }
        return Indexing.nonzero(mask);
    }

    private static NDArray places(String operation, NDArray first, NDArray second, NDArray... others) {
        NDArray[] all = new NDArray[others.length + 2];
        all[0] = first;
        all[1] = second;
        System.arraycopy(others, 0, all, 2, others.length);
        Shape shape = first.shape();
        for (NDArray a : all) {
            shape = Shape.broadcast(shape, a.shape(), operation);
        }
        for (int i = 0; i < all.length; i++) {
            all[i] = all[i].cast(DType.INT64).broadcastTo(shape);
        }
        return Movement.stack(-1, all);
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
     * The elements on another device. The gradient goes back to this one.
     *
     * @param device the device
     * @return a new array, row-major, or this one when it lies there already
     * @throws IllegalStateException when the array is traced, as a graph runs on one device, or there is no such device
     */
    public NDArray to(Device device) {
        return Transfer.to(device, self());
    }

    /**
     * Zeros in the shape and dtype of this array and on its device.
     *
     * @return a new array
     */
    public NDArray zerosLike() {
        return Creation.zerosLike(self());
    }

    /**
     * Ones in the shape and dtype of this array and on its device.
     *
     * @return a new array
     */
    public NDArray onesLike() {
        return Creation.onesLike(self());
    }

    /**
     * Equal elements in the shape and dtype of this array and on its device.
     *
     * @param value the element
     * @return a new array
     */
    public NDArray fullLike(double value) {
        return Creation.fullLike(self(), value);
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
