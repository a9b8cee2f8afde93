package io.kiln.cpu.kernel;

/** Multi-dimensional counting in row-major order. */
final class Indices {

    private Indices() {}

    /** Number of elements of a shape. */
    static long count(long[] dims) {
        long count = 1;
        for (long dim : dims) {
            count = Math.multiplyExact(count, dim);
        }
        return count;
    }

    /** Advances to the next index; the last one is followed by the first. */
    static void next(long[] index, long[] dims) {
        for (int axis = dims.length - 1; axis >= 0; axis--) {
            if (++index[axis] < dims[axis]) {
                return;
            }
            index[axis] = 0;
        }
    }
}
