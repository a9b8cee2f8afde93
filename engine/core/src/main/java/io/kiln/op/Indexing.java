package io.kiln.op;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;

/** Operators that look elements up, or put them, by index, and that order them. */
public final class Indexing {
    private Indexing() {}

    /**
     * Takes the entries of an axis that indices name: {@link Gather}.
     *
     * @param x the array
     * @param indices int32 or int64 indices
     * @param axis the axis; negative ones count from the end
     * @return a new array
     */
    public static NDArray gather(NDArray x, NDArray indices, int axis) {
        return Dispatch.one(new Gather(axis), x, indices);
    }

    /**
     * Adds updates to the entries of an axis that indices name: {@link ScatterAdd}.
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
     * Unit vectors of float32: {@link OneHot}.
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
     * Takes the entries that rows of indices name: {@link GatherNd}.
     *
     * @param x the array
     * @param indices int32 or int64 indices
     * @return a new array
     */
    public static NDArray gatherNd(NDArray x, NDArray indices) {
        return Dispatch.one(new GatherNd(), x, indices);
    }

    /**
     * The elements in order along an axis: {@link Sort}.
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
}
