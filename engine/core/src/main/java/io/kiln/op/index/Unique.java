package io.kiln.op.index;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.Dispatch;
import java.util.Arrays;

/**
 * The unique elements of an array.
 *
 * @param values each element once, ascending, NaN last; [k], dtype as the array
 * @param inverse the place of each element of the array among them; shape of the array, int64
 * @param counts how often each occurs; [k], int64
 */
public record Unique(NDArray values, NDArray inverse, NDArray counts) {
    /**
     * Finds the unique elements. Their number depends on values, so this cannot be traced; no gradient flows. All NaN
     * are one element, and so are 0 and -0.
     *
     * @param x an array with data
     * @return its elements
     */
    static Unique of(NDArray x) {
        NDArray flat = x.reshape(x.size());
        long[] order = Dispatch.withoutGradient(new ArgSort(0, false), flat).toLongArray();
        double[] numbers = x.dtype() == DType.INT64 ? null : flat.toDoubleArray();
        long[] longs = x.dtype() == DType.INT64 ? flat.toLongArray() : null;
        long[] inverse = new long[order.length];
        long[] first = new long[order.length];
        long[] counts = new long[order.length];
        int k = 0;
        for (int i = 0; i < order.length; i++) {
            int at = (int) order[i];
            int before = i == 0 ? 0 : (int) order[i - 1];
            boolean fresh =
                    i == 0 || (longs == null ? isOther(numbers[at], numbers[before]) : longs[at] != longs[before]);
            if (fresh) {
                first[k++] = at;
            }
            inverse[at] = k - 1L;
            counts[k - 1]++;
        }
        NDArray places = x.factory().of(Shape.of(k), Arrays.copyOf(first, k));
        return new Unique(
                Dispatch.withoutGradient(new Gather(0), flat, places),
                x.factory().of(x.shape(), inverse),
                x.factory().of(Shape.of(k), Arrays.copyOf(counts, k)));
    }

    private static boolean isOther(double a, double b) {
        return a != b && !(Double.isNaN(a) && Double.isNaN(b));
    }
}
