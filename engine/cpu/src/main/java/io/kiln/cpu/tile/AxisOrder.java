package io.kiln.cpu.tile;

import io.kiln.ndarray.Layout;
import io.kiln.ndarray.Shape;
import java.util.Arrays;

/** Orders of axes in memory. */
final class AxisOrder {
    private AxisOrder() {}

    /**
     * The axes of an array by descending stride, without those of size 1: in this order a dense array is traversed from
     * its lowest address to its highest.
     */
    static int[] of(Layout array) {
        Shape shape = array.shape();
        long[] strides = array.strides();
        int[] order = new int[strides.length];
        int n = 0;
        for (int i = 0; i < order.length; i++) {
            if (shape.dim(i) == 1) {
                continue;
            }
            long stride = Math.abs(strides[i]);
            int at = n++;
            while (at > 0 && Math.abs(strides[order[at - 1]]) < stride) {
                order[at] = order[at - 1];
                at--;
            }
            order[at] = i;
        }
        return Arrays.copyOf(order, n);
    }

    /**
     * Dense strides for the output of a pointwise operator: with the axis order of the first input that has the full
     * shape and repeats nothing; null for row-major, or if there is no such input.
     */
    static long[] like(Layout[] inputs, Shape shape) {
        for (Layout x : inputs) {
            if (x.shape().equals(shape) && !repeats(x)) {
                return x.isContiguous() ? null : dense(shape, of(x));
            }
        }
        return null;
    }

    private static boolean repeats(Layout x) {
        long[] strides = x.strides();
        for (int i = 0; i < strides.length; i++) {
            if (strides[i] == 0 && x.shape().dim(i) > 1) {
                return true;
            }
        }
        return false;
    }

    private static long[] dense(Shape shape, int[] order) {
        long[] strides = new long[shape.rank()];
        long stride = 1;
        for (int i = order.length - 1; i >= 0; i--) {
            strides[order[i]] = stride;
            stride *= shape.dim(order[i]);
        }
        for (int i = 0; i < strides.length; i++) {
            if (shape.dim(i) == 1) {
                strides[i] = stride;
            }
        }
        return strides;
    }
}
