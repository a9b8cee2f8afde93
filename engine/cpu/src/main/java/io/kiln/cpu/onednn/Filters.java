package io.kiln.cpu.onednn;

/** Weights of convolutions with oneDNN's axes. */
final class Filters {

    private Filters() {}

    /** {@code [O, C/g, kernel…]} seen as {@code [g, O/g, C/g, kernel…]}; unchanged for one group. */
    static Tensor grouped(Tensor weights, long groups) {
        if (groups == 1) {
            return weights;
        }
        int rank = weights.dims().length;
        long[] dims = new long[rank + 1];
        long[] strides = new long[rank + 1];
        System.arraycopy(weights.dims(), 0, dims, 1, rank);
        System.arraycopy(weights.strides(), 0, strides, 1, rank);
        dims[0] = groups;
        dims[1] = weights.dims()[0] / groups;
        strides[0] = dims[1] * strides[1];
        return weights.as(dims, strides);
    }
}
