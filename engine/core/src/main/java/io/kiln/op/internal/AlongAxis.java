package io.kiln.op.internal;

import io.kiln.autograd.Autograd;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.IndexRangeException;
import io.kiln.ndarray.LateCheck;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.math.Where;
import io.kiln.op.shape.Transpose;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.LongSummaryStatistics;

/**
 * Indexing along one axis, row by row, as indexing of one long vector: the axis is moved behind the others, and the indices
 * of row r of length n are raised by r n.
 */
public final class AlongAxis {
    private AlongAxis() {}

    /** Rank and sizes but for the axis must agree. */
    public static void check(String operation, Shape x, int axis, Spec indices) {
        Indices.check(operation, indices);
        Shape other = indices.shape();
        boolean fits = x.rank() == other.rank() && x.with(axis, Shape.UNKNOWN).accepts(other);
        if (!fits) {
            throw new ShapeException(operation + ": indices" + other + " do not fit x" + x
                    + ": sizes may differ along axis " + axis + " only");
        }
    }

    /** The order of axes that moves one behind all others. */
    public static List<Long> last(int rank, int axis) {
        List<Long> order = new ArrayList<>();
        for (long i = 0; i < rank; i++) {
            if (i != axis) {
                order.add(i);
            }
        }
        order.add((long) axis);
        return List.copyOf(order);
    }

    /** An array with its axis moved behind the others, as one vector. */
    public static NDArray vector(NDArray x, int axis) {
        NDArray moved = Dispatch.one(new Transpose(last(x.shape().rank(), axis)), x);
        return moved.reshape(Shape.of(x.size()));
    }

    /** Undoes {@link #vector} for an array of a shape. */
    public static NDArray unvector(NDArray vector, Shape shape, int axis) {
        List<Long> order = last(shape.rank(), axis);
        long[] d = new long[shape.rank()];
        for (int i = 0; i < d.length; i++) {
            d[i] = shape.dim(order.get(i).intValue());
        }
        return Dispatch.one(new Transpose(Axes.inverse(order)), vector.reshape(Shape.of(d)));
    }

    /** The indices into the vector of an array of n entries per row. */
    public static NDArray flat(String operation, NDArray indices, long n, int axis) {
        NDArray inside = fromStart(operation, indices, n);
        long width = indices.shape().dim(axis);
        long rows = width == 0 ? 0 : indices.size() / width;
        NDArray starts =
                indices.factory().arange(0, rows, 1, DType.INT64).mul(n).reshape(rows, 1);
        NDArray inRow = vector(inside, axis).cast(DType.INT64).reshape(rows, width);
        return inRow.add(starts).reshape(Shape.of(rows * width));
    }

    /** Updates must have the shape of the indices and the dtype of x. */
    public static void checkUpdates(String operation, int axis, Spec... inputs) {
        check(operation, inputs[0].shape(), axis, inputs[1]);
        Shape all = Shape.broadcast(inputs[1].shape(), inputs[2].shape(), operation);
        if (all.rank() != inputs[1].shape().rank() || inputs[2].dtype() != inputs[0].dtype()) {
            throw new ShapeException(
                    operation + ": updates must be " + inputs[0].dtype() + inputs[1].shape() + ", got " + inputs[2]);
        }
    }

    /** The indices, of which negative ones count from the end, as indices from 0. */
    public static NDArray fromStart(String operation, NDArray indices, long n) {
        if (indices.size() == 0) {
            return indices;
        }
        if (!indices.isKnownToHost()) {
            refuse(operation, "indices", indices, -n, n - 1);
            NDArray inside = indices.clip(-n, Math.max(-n, n - 1));
            return Dispatch.one(new Where(), inside.lt(0), inside.add(n), inside);
        }
        long[] ends = ends(indices);
        if (ends[0] < -n || ends[1] >= n) {
            throw IndexRangeException.first(operation, "indices", indices, -n, n - 1);
        }
        return ends[0] >= 0 ? indices : Dispatch.one(new Where(), indices.lt(0), indices.add(n), indices);
    }

    /** Row by row an index outside would silently name an entry of another row. */
    public static void checkRange(String operation, NDArray indices, long n) {
        checkRange(operation, "indices", indices, n);
    }

    /** Indices, called by another name in errors, must be from 0 to below n. */
    public static void checkRange(String operation, String called, NDArray indices, long n) {
        if (indices.size() == 0) {
            return;
        }
        if (!indices.isKnownToHost()) {
            refuse(operation, called, indices, 0, n - 1);
            return;
        }
        long[] ends = ends(indices);
        if (ends[0] < 0 || ends[1] >= n) {
            throw IndexRangeException.first(operation, called, indices, 0, n - 1);
        }
    }

    /** The least and the greatest index. */
    private static long[] ends(NDArray indices) {
        if (indices.backend().traits().hostAddressable()) {
            return new long[] {indices.min().toLongArray()[0], indices.max().toLongArray()[0]};
        }
        LongSummaryStatistics all = Arrays.stream(indices.toLongArray()).summaryStatistics();
        return new long[] {all.getMin(), all.getMax()};
    }

    /** Refuses indices that nobody knows before the device has computed them. */
    private static void refuse(String operation, String called, NDArray indices, long least, long most) {
        try (Scope scope = Scope.open();
                Autograd.Mode mode = Autograd.pause()) {
            NDArray inside =
                    indices.ge(least).cast(DType.INT32).mul(indices.le(most).cast(DType.INT32));
            LateCheck.notZero(
                    inside.min(),
                    indices,
                    numbers -> IndexRangeException.first(operation, called, numbers, least, most));
        }
    }
}
