package io.kiln.spark.feed;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * The elements of a sparse row, with ascending indices. MLlib's vectors are like that; vectors that other programs have
 * written need not be.
 *
 * @param indices their indices, each once
 * @param values their values
 * @param wrong what is wrong with the row, or null
 */
record SparseEntries(int[] indices, double[] values, String wrong) {
    /** Sorts the elements if they are not, and adds those with the same index. */
    static SparseEntries of(int[] indices, double[] values, int width) {
        if (indices.length != values.length) {
            return wrong("has %d indices and %d values, expected as many of both", indices.length, values.length);
        }
        boolean ascending = true;
        for (int i = 0; i < indices.length; i++) {
            if (indices[i] < 0 || indices[i] >= width) {
                return wrong("has index %d, expected 0 to %d; fix or drop such rows", indices[i], width - 1);
            }
            ascending &= i == 0 || indices[i - 1] < indices[i];
        }
        return ascending ? new SparseEntries(indices, values, null) : sorted(indices, values);
    }

    private static SparseEntries wrong(String message, int a, int b) {
        return new SparseEntries(null, null, String.format(Locale.ROOT, message, a, b));
    }

    private static SparseEntries sorted(int[] indices, double... values) {
        int[] distinct = IntStream.of(indices).sorted().distinct().toArray();
        double[] sums = new double[distinct.length];
        for (int i = 0; i < indices.length; i++) {
            sums[Arrays.binarySearch(distinct, indices[i])] += values[i];
        }
        return new SparseEntries(distinct, sums, null);
    }
}
