package io.kiln.cpu.kernel;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.Operator;
import io.kiln.op.index.SearchSorted;
import java.util.function.IntPredicate;

/** Searches in sorted rows. */
final class SearchKernels {
    private SearchKernels() {}

    static void searchSorted(Operator operator, NDArray[] in, NDArray[] outputs) {
        boolean right = ((SearchSorted) operator).right();
        int n = Math.toIntExact(in[0].shape().dim(-1));
        Shape value = in[1].shape();
        int size = Math.toIntExact(value.size());
        int perRow = in[0].shape().rank() == 1 ? size : Math.toIntExact(value.dim(-1));
        long[] places = new long[size];
        if (!in[0].dtype().isFloating() && !in[1].dtype().isFloating()) {
            long[] row = in[0].toLongArray();
            long[] v = in[1].toLongArray();
            for (int i = 0; i < size; i++) {
                long wanted = v[i];
                places[i] = search(i / perRow * n, n, k -> right ? row[k] <= wanted : row[k] < wanted);
            }
        } else {
            double[] row = in[0].toDoubleArray();
            double[] v = in[1].toDoubleArray();
            for (int i = 0; i < size; i++) {
                double wanted = v[i];
                places[i] = search(i / perRow * n, n, k -> right ? !isAbove(row[k], wanted) : isAbove(wanted, row[k]));
            }
        }
        HeapMath.write(places, outputs[0]);
    }

    /** NaN is above all numbers. */
    private static boolean isAbove(double a, double b) {
        return a > b || Double.isNaN(a) && !Double.isNaN(b);
    }

    /** How many elements of a range fulfil a condition that holds for the first ones. */
    private static int search(int start, int n, IntPredicate before) {
        int low = 0;
        int high = n;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (before.test(start + middle)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
