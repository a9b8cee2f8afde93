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
}
