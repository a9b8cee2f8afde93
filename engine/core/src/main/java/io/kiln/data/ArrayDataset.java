package io.kiln.data;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.ShapeException;

/**
 * The rows of arrays with the same first axis. A sample is one view per array, without the first axis; it belongs to
 * the scope of the thread that gets it. The arrays belong to the caller and must outlive the dataset.
 */
public final class ArrayDataset implements Dataset<NDArray[]> {
    private final NDArray[] arrays;

    /**
     * Creates a dataset.
     *
     * @param arrays at least one, with the same number of rows
     */
    public ArrayDataset(NDArray... arrays) {
        if (arrays.length == 0) {
            throw new IllegalArgumentException("arrayDataset: needs at least one array, got none");
        }
        for (NDArray a : arrays) {
            if (a.shape().rank() == 0 || a.shape().dim(0) != arrays[0].shape().dim(0)) {
                throw new ShapeException("arrayDataset: the arrays need as many rows each, got " + arrays[0].spec()
                        + " and " + a.spec());
            }
        }
        this.arrays = arrays.clone();
    }

    @Override
    public long size() {
        return arrays[0].shape().dim(0);
    }

    @Override
    public NDArray[] get(long index) {
        if (index < 0 || index >= size()) {
            throw new IndexOutOfBoundsException(
                    "arrayDataset: index must be from 0 to below " + size() + ", got " + index);
        }
        NDArray[] sample = new NDArray[arrays.length];
        for (int i = 0; i < sample.length; i++) {
            sample[i] = arrays[i].slice(0, index, index + 1).squeeze(0);
        }
        return sample;
    }
}
