package io.kiln.ndarray;

import io.kiln.backend.Device;
import io.kiln.op.Copy;
import io.kiln.op.Dispatch;
import io.kiln.op.Operator;
import io.kiln.op.index.GatherNd;
import io.kiln.op.index.Indexing;
import io.kiln.op.index.ScatterMode;
import io.kiln.op.index.ScatterNdUpdate;
import io.kiln.op.internal.Transfer;
import io.kiln.op.linalg.Linalg;
import io.kiln.op.math.Comparison;
import io.kiln.op.math.Elementwise;
import io.kiln.op.shape.BroadcastTo;
import io.kiln.op.shape.Movement;
import java.util.stream.IntStream;

/**
 * Indexing as in NumPy, and operations that need an array's known rank and dtype and so differ from those of symbols.
 */
public abstract sealed class IndexedArray extends HostArray permits NDArray {
    IndexedArray() {}

    @Override
    protected NDArray apply(Operator operator) {
        return Dispatch.one(operator, self());
    }

    @Override
    protected NDArray apply(Operator operator, NDArray second) {
        return Dispatch.one(operator, self(), second);
    }

    @Override
    protected NDArray apply(Operator operator, NDArray second, NDArray third) {
        return Dispatch.one(operator, self(), second, third);
    }

    @Override
    protected int axis(int axis) {
        return self().shape().axis(axis);
    }

    @Override
    protected NDArray compare(Comparison comparison, double c) {
        return Elementwise.compare(self(), comparison, c);
    }

    @Override
    public NDArray matmul(NDArray other) {
        return Linalg.matmul(self(), other);
    }

    /**
     * Permutes the axes.
     *
     * @param axes the axes in their new order; none to reverse them all
     * @return a view
     */
    @Override
    public NDArray transpose(int... axes) {
        int rank = self().shape().rank();
        return super.transpose(
                axes.length > 0
                        ? axes
                        : IntStream.range(0, rank).map(i -> rank - 1 - i).toArray());
    }

    /**
     * The elements in another dtype.
     *
     * @param dtype the type
     * @return a new array, or this one if it already has that dtype
     */
    @Override
    public NDArray cast(DType dtype) {
        return dtype == self().dtype() ? self() : super.cast(dtype);
    }

    /**
     * The elements on another device. The gradient is copied back to this device.
     *
     * @param device the device
     * @return a new array, row-major, or this one if it is already there
     * @throws IllegalStateException if the array is traced, since a graph runs on one device, or if there is no such
     *     device
     */
    public NDArray to(Device device) {
        return Transfer.to(device, self());
    }

    /**
     * A row-major copy.
     *
     * @return a new array
     */
    public NDArray copy() {
        return Dispatch.one(new Copy(), self());
    }

    /**
     * A part of this array, written as in NumPy: {@code x.get("…, 1:, ::2")}. One item per axis: an index, which drops
     * the axis; start:stop:step, each of which may be omitted; {@code :} for a whole axis; {@code …} or {@code ...} for
     * all axes in between; {@code None} for a new axis. Negative numbers count from the end.
     *
     * @param index the items, separated by commas
     * @return a view; a copy if a step is negative
     * @throws IllegalArgumentException if an item is none of these
     * @throws IndexOutOfBoundsException if an index is outside its axis
     */
    public NDArray get(String index) {
        return Subscript.part(self(), index);
    }

    /**
     * The elements selected by a mask, in row-major order, or the entries of axis 0 selected by indices, as in NumPy.
     * The number of elements that a mask selects depends on values, so it cannot be traced.
     *
     * @param index bool of the shape of this array's first axes, or int32 or int64 indices, of which negative ones
     *     count from the end
     * @return a new array
     */
    public NDArray get(NDArray index) {
        return index.dtype() == DType.BOOL
                ? Indexing.gatherNd(self(), chosen("get", index))
                : Indexing.gather(self(), index, 0);
    }

    /**
     * The entries at positions given by their indices along the first axes, as in NumPy: y[i,…] = x[a[i],b[i],…].
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
     * @param index the items, separated by commas
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
     * @param index the items, separated by commas
     * @param value the new elements, which broadcast to the part
     */
    public void set(String index, NDArray value) {
        try (Scope scope = Scope.open()) {
            Subscript.place(self(), index).assign(value);
        }
    }

    /**
     * Overwrites the elements selected by a mask, or the entries of axis 0 selected by indices; if an entry is selected
     * several times, the last value stays.
     *
     * @param index as in {@link #get(NDArray)}
     * @param value the new elements, which broadcast to what {@code get} would return
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
}
