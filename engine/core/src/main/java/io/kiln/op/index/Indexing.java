package io.kiln.op.index;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.op.Creation;
import io.kiln.op.Dispatch;
import io.kiln.op.internal.Indices;
import io.kiln.op.math.Clip;
import io.kiln.op.math.Mod;
import io.kiln.op.reduce.Histogram;
import java.util.stream.LongStream;

/** Operators that read and write elements by index, and that sort them. */
public final class Indexing {
    private Indexing() {}

    /**
     * Takes entries at given indices of an axis: {@link Gather}.
     *
     * @param x the array
     * @param indices int32 or int64 indices; negative ones count from the end
     * @param axis the axis; negative ones count from the end
     * @return a new array
     */
    public static NDArray gather(NDArray x, NDArray indices, int axis) {
        return Dispatch.one(new Gather(axis, true), x, indices);
    }

    /**
     * Adds updates to the entries at given indices of an axis: {@link ScatterAdd}.
     *
     * @param x the array
     * @param indices int32 or int64 indices
     * @param updates what is added
     * @param axis the axis; negative ones count from the end
     * @return a new array
     */
    public static NDArray scatterAdd(NDArray x, NDArray indices, NDArray updates, int axis) {
        return Dispatch.one(new ScatterAdd(axis), x, indices, updates);
    }

    /**
     * Writes, adds, multiplies or compares entries at given indices of an axis: {@link Scatter}.
     *
     * @param x the array
     * @param indices int32 or int64 indices; negative ones count from the end
     * @param updates the new entries
     * @param axis the axis; negative ones count from the end
     * @param mode how updates are combined with entries
     * @return a new array
     */
    public static NDArray scatter(NDArray x, NDArray indices, NDArray updates, int axis, ScatterMode mode) {
        return Dispatch.one(new Scatter(axis, mode), x, indices, updates);
    }

    /**
     * Writes, adds, multiplies or compares elements along an axis, each row by its own indices: {@link ScatterAlong}.
     *
     * @param x the array
     * @param indices int32 or int64 indices; negative ones count from the end
     * @param updates the new elements
     * @param axis the axis; negative ones count from the end
     * @param mode how updates are combined with elements
     * @return a new array
     */
    public static NDArray scatterAlong(NDArray x, NDArray indices, NDArray updates, int axis, ScatterMode mode) {
        return Dispatch.one(new ScatterAlong(axis, mode), x, indices, updates);
    }

    /**
     * Writes, adds, multiplies or compares entries at the positions given by rows of indices: {@link ScatterNdUpdate}.
     *
     * @param x the array
     * @param indices int32 or int64 indices […,m]; negative ones count from the end
     * @param updates the new entries
     * @param mode how updates are combined with entries
     * @return a new array
     */
    public static NDArray scatterNdUpdate(NDArray x, NDArray indices, NDArray updates, ScatterMode mode) {
        return Dispatch.one(new ScatterNdUpdate(mode), x, indices, updates);
    }

    /**
     * One-hot vectors of float32: {@link OneHot}.
     *
     * @param indices integers
     * @param depth length of the vectors
     * @return a new array
     */
    public static NDArray oneHot(NDArray indices, long depth) {
        return Dispatch.one(new OneHot(depth, DType.FLOAT32), indices);
    }

    /**
     * Takes entries along an axis, each row by its own indices: {@link GatherAlong}.
     *
     * @param x the array
     * @param indices int32 or int64 indices
     * @param axis the axis; negative ones count from the end
     * @return a new array
     */
    public static NDArray gatherAlong(NDArray x, NDArray indices, int axis) {
        return Dispatch.one(new GatherAlong(axis), x, indices);
    }

    /**
     * Adds to entries along an axis, each row by its own indices: {@link ScatterAddAlong}.
     *
     * @param x the array
     * @param indices int32 or int64 indices
     * @param updates what is added
     * @param axis the axis; negative ones count from the end
     * @return a new array
     */
    public static NDArray scatterAddAlong(NDArray x, NDArray indices, NDArray updates, int axis) {
        return Dispatch.one(new ScatterAddAlong(axis), x, indices, updates);
    }

    /**
     * Takes the entries given by rows of indices: {@link GatherNd}.
     *
     * @param x the array
     * @param indices int32 or int64 indices
     * @return a new array
     */
    public static NDArray gatherNd(NDArray x, NDArray indices) {
        return Dispatch.one(new GatherNd(), x, indices);
    }

    /**
     * Sorts the elements along an axis: {@link Sort}.
     *
     * @param x the array
     * @param axis the axis; negative ones count from the end
     * @param descending whether the largest comes first
     * @return a new array
     */
    public static NDArray sort(NDArray x, int axis, boolean descending) {
        return Dispatch.one(new Sort(axis, descending), x);
    }

    /**
     * The indices that sort an axis: {@link ArgSort}.
     *
     * @param x the array
     * @param axis the axis; negative ones count from the end
     * @param descending whether the largest comes first
     * @return a new array
     */
    public static NDArray argSort(NDArray x, int axis, boolean descending) {
        return Dispatch.one(new ArgSort(axis, descending), x);
    }

    /**
     * The k largest elements along an axis: {@link TopK}.
     *
     * @param x the array
     * @param k how many
     * @param axis the axis; negative ones count from the end
     * @return values and their indices
     */
    public static NDArray[] topK(NDArray x, long k, int axis) {
        return Dispatch.run(new TopK(k, axis, true), x);
    }

    /**
     * Adds updates to zeros at the positions given by rows of indices: {@link ScatterNd}.
     *
     * @param indices int32 or int64 indices […,m]
     * @param updates what is added
     * @param shape shape of the result
     * @return a new array
     */
    public static NDArray scatterNd(NDArray indices, NDArray updates, Shape shape) {
        return Dispatch.one(new ScatterNd(shape), indices, updates);
    }

    /**
     * Takes entries of an axis as {@link #gather} does, but also handles indices out of range.
     *
     * @param x the array
     * @param indices int32 or int64 indices
     * @param axis the axis, of known size of 1 at least; negative ones count from the end
     * @param mode what an index outside of the axis means
     * @return a new array
     */
    public static NDArray take(NDArray x, NDArray indices, int axis, IndexMode mode) {
        long n = x.shape().dim(axis);
        if (n < 1) {
            throw new ShapeException(
                    "take: axis " + axis + " of x" + x.shape() + " must have a known size of 1 at least");
        }
        Indices.check("take", indices.spec());
        NDArray inside =
                switch (mode) {
                    case CLIP -> Dispatch.one(new Clip(0, n - 1, false), indices);
                    case WRAP ->
                        Dispatch.one(new Mod(), indices, indices.factory().scalar(n, indices.dtype()));
                };
        return gather(x, inside, axis);
    }

    /**
     * The indices of elements that differ from 0. Their number depends on values, so this cannot be traced.
     *
     * @param x an array with data
     * @return their indices [count,rank], int64, in row-major order
     */
    public static NDArray nonzero(NDArray x) {
        int rank = x.shape().rank();
        double[] values = x.ne(0).toDoubleArray();
        long[] dims = x.shape().dims();
        LongStream.Builder places = LongStream.builder();
        long count = 0;
        for (int i = 0; i < values.length; i++) {
            if (values[i] != 0) {
                count++;
                long[] at = new long[rank];
                long rest = i;
                for (int k = rank - 1; k >= 0; k--) {
                    at[k] = rest % dims[k];
                    rest /= dims[k];
                }
                LongStream.of(at).forEach(places::add);
            }
        }
        return x.factory().of(Shape.of(count, rank), places.build().toArray());
    }

    /**
     * The entries of an axis selected by a mask, in order. Their number depends on values, so this cannot be traced,
     * but gradients flow.
     *
     * @param x the array
     * @param mask chosen where it differs from 0; a vector with data, as long as the axis
     * @param axis the axis; negative ones count from the end
     * @return a new array
     */
    public static NDArray booleanMask(NDArray x, NDArray mask, int axis) {
        if (!mask.shape().equals(Shape.of(x.shape().dim(axis)))) {
            throw new ShapeException("booleanMask: axis " + axis + " of x" + x.shape() + " needs mask["
                    + x.shape().dim(axis) + "], got mask" + mask.shape());
        }
        return gather(x, nonzero(mask).squeeze(1), axis);
    }

    /**
     * The unique elements of an array. Their number depends on values, so this cannot be traced; no gradient flows.
     *
     * @param x an array with data
     * @return elements, places and counts
     */
    public static Unique unique(NDArray x) {
        return Unique.of(x);
    }

    /**
     * Positions at which to insert values into an ascending row: {@link SearchSorted}.
     *
     * @param row ascending rows […,n], or one [n]
     * @param value values […,m]
     * @param right whether the place behind equal elements is meant
     * @return a new array
     */
    public static NDArray searchSorted(NDArray row, NDArray value, boolean right) {
        return Dispatch.one(new SearchSorted(right), row, value);
    }

    /**
     * Number of elements in bins of equal width: {@link Histogram}.
     *
     * @param x the array
     * @param bins number of bins
     * @param low where the first one begins
     * @param high where the last one ends
     * @return a new array
     */
    public static NDArray histogram(NDArray x, long bins, double low, double high) {
        return Dispatch.one(new Histogram(bins, low, high), x);
    }

    /**
     * Counts the occurrences of each of the numbers 0 to bins - 1.
     *
     * @param x int32 or int64 numbers, each from 0 to below bins
     * @param bins how many numbers there are
     * @return a new array [bins], int64
     */
    public static NDArray bincount(NDArray x, long bins) {
        NDArray flat = x.flatten(0);
        return Segments.sum(Creation.onesLike(flat).cast(DType.INT64), flat, bins);
    }
}
