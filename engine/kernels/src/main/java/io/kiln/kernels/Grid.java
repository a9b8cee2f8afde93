package io.kiln.kernels;

import io.kiln.ndarray.NDArray;
import java.util.Arrays;

/**
 * The places of the elements of several arrays, walked together in the order in which the last one, a result, lies in memory: axes along
 * which all of them go on in even steps are one. An array with fewer axes, or with axes of size 1, is repeated.
 */
final class Grid {
    final long size;
    final long[] dims;
    /** Of each array, the step along each axis. */
    final long[][] strides;
    /** Of each array, the number of its first element within its block. */
    final long[] starts;

    Grid(long[] shape, NDArray... arrays) {
        long[][] all = new long[arrays.length][];
        starts = new long[arrays.length];
        for (int k = 0; k < arrays.length; k++) {
            NDArray x = arrays[k];
            starts[k] = start(x);
            all[k] = new long[shape.length];
            int first = shape.length - x.shape().rank();
            long[] own = x.strides();
            for (int d = first; d < shape.length; d++) {
                all[k][d] = x.shape().dim(d - first) == 1 ? 0 : own[d - first];
            }
        }
        long[] merged = new long[Math.max(1, shape.length)];
        long[][] steps = new long[arrays.length][merged.length];
        int n = 0;
        for (int d : order(all[arrays.length - 1])) {
            if (shape[d] == 1) {
                continue;
            }
            if (n > 0 && goOn(all, steps, n - 1, d, shape[d])) {
                merged[n - 1] *= shape[d];
            } else {
                merged[n++] = shape[d];
            }
            for (int k = 0; k < arrays.length; k++) {
                steps[k][n - 1] = all[k][d];
            }
        }
        if (n == 0) {
            merged[n++] = 1;
        }
        dims = Arrays.copyOf(merged, n);
        strides = new long[arrays.length][];
        for (int k = 0; k < arrays.length; k++) {
            strides[k] = Arrays.copyOf(steps[k], n);
        }
        long product = 1;
        for (long d : dims) {
            product *= d;
        }
        size = product;
    }

    /** The axes of an array, those with the largest steps first. */
    private static int[] order(long... steps) {
        int[] order = new int[steps.length];
        for (int d = 0; d < order.length; d++) {
            int at = d;
            while (at > 0 && Math.abs(steps[order[at - 1]]) < Math.abs(steps[d])) {
                order[at] = order[at - 1];
                at--;
            }
            order[at] = d;
        }
        return order;
    }

    /** Whether one step along the axis before is as far as the whole of the next axis, in all arrays. */
    private static boolean goOn(long[][] all, long[][] steps, int before, int d, long dim) {
        for (int k = 0; k < all.length; k++) {
            if (steps[k][before] != all[k][d] * dim) {
                return false;
            }
        }
        return true;
    }

    /** The number of an array's first element within its block. */
    static long start(NDArray x) {
        return (x.address() - x.storage().address()) / x.dtype().bytes();
    }
}
