package io.kiln.ndarray;

import java.util.Arrays;
import java.util.Comparator;

/** Properties of strides, which are distances between neighbours along each axis, in elements. */
final class Strides {
    private Strides() {}

    /** Whether the elements are in row-major order without gaps; also true if there are none. */
    static boolean areRowMajor(Shape shape, long... strides) {
        long expected = 1;
        for (int i = strides.length - 1; i >= 0; i--) {
            long d = shape.dim(i);
            if (d == 0) {
                return true;
            }
            if (d != 1 && strides[i] != expected) {
                return shape.size() == 0;
            }
            expected *= d;
        }
        return true;
    }

    /** Whether the elements have no gaps or repetition in some order of the axes. */
    static boolean areDense(Shape shape, long... strides) {
        if (areRowMajor(shape, strides)) {
            return true;
        }
        int rank = strides.length;
        boolean[] used = new boolean[rank];
        long expected = 1;
        for (int n = 0; n < rank; n++) {
            int next = -1;
            for (int i = 0; i < rank; i++) {
                if (!used[i] && (shape.dim(i) == 1 || strides[i] == expected)) {
                    next = i;
                    if (shape.dim(i) == 1) {
                        break;
                    }
                }
            }
            if (next < 0) {
                return false;
            }
            used[next] = true;
            expected *= shape.dim(next);
        }
        return true;
    }

    /** Whether elements have the same places under both strides. */
    static boolean areSame(Shape shape, long[] a, long[] b) {
        if (a == b) {
            return true;
        }
        for (int i = 0; i < a.length; i++) {
            if (a[i] != b[i] && shape.dim(i) > 1) {
                return shape.size() == 0;
            }
        }
        return true;
    }

    /**
     * Whether two elements may have the same place: some axis does not step over everything that the axes with smaller
     * strides reach.
     */
    static boolean overlap(Shape shape, long... strides) {
        if (shape.size() <= 1 || areDense(shape, strides)) {
            return false;
        }
        Integer[] axes = new Integer[strides.length];
        Arrays.setAll(axes, i -> i);
        Arrays.sort(axes, Comparator.comparingLong(i -> Math.abs(strides[i])));
        long reach = 0;
        for (int i : axes) {
            if (shape.dim(i) > 1) {
                if (Math.abs(strides[i]) <= reach) {
                    return true;
                }
                reach += (shape.dim(i) - 1) * Math.abs(strides[i]);
            }
        }
        return false;
    }

    /** Rejects a view that reaches outside its block of the given number of elements. */
    static void checkInside(Shape shape, long[] strides, long first, long elements) {
        long low = first;
        long high = first;
        for (int i = 0; i < shape.rank(); i++) {
            long reach = (shape.dim(i) - 1) * strides[i];
            low += Math.min(reach, 0);
            high += Math.max(reach, 0);
        }
        if (shape.size() > 0 && (low < 0 || high + 1 > elements)) {
            throw new ShapeException("view: shape " + shape + " with strides " + Arrays.toString(strides)
                    + " reaches elements " + low + ".." + high + ", the block has " + elements);
        }
    }
}
