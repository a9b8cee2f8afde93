package io.kiln.cpu.tile;

import io.kiln.ndarray.Memory;
import io.kiln.ndarray.ShapeException;
import java.util.Arrays;

/**
 * The indices that sort a row, stably, with NaN as the largest. Each element becomes a number of 32 bits of the same order
 * (its rank among the different values of the row); rank and index together are sorted as one number of 64 bits, which makes
 * the order stable.
 */
final class SortedOrder {
    private final boolean descending;
    private final long[] keys;
    private final long[] distinct;

    SortedOrder(long length, boolean descending) {
        if (length > Integer.MAX_VALUE - 8) {
            throw new ShapeException("argSort: an axis of at most 2^31 - 9 elements can be sorted, got " + length);
        }
        this.descending = descending;
        keys = new long[(int) length];
        distinct = new long[(int) length];
    }

    void run(Lanes lanes, AxisRows in, AxisRows out, long row) {
        int n = keys.length;
        for (int from = 0; from < n; from += lanes.length) {
            int count = Math.min(lanes.length, n - from);
            in.load(lanes, 0, row, from, count);
            if (lanes instanceof DoubleLanes d) {
                order(d.tile(0), from, count);
            } else {
                System.arraycopy(((LongLanes) lanes).tile(0), 0, keys, from, count);
            }
        }
        rank();
        Arrays.sort(keys);
        long mask = 0xffffffffL;
        for (int i = 0; i < n; i++) {
            Memory.putLong(out.at(row, i), keys[i] & mask);
        }
    }

    /** Numbers as integers of the same order; -0 is 0, and all NaN are one. */
    private void order(double[] a, int at, int n) {
        for (int i = 0; i < n; i++) {
            long bits = Double.doubleToLongBits(a[i] + 0.0);
            keys[at + i] = bits ^ bits >> 63 & Long.MAX_VALUE;
        }
    }

    private void rank() {
        int n = keys.length;
        System.arraycopy(keys, 0, distinct, 0, n);
        Arrays.sort(distinct);
        int different = 0;
        for (int i = 0; i < n; i++) {
            if (i == 0 || distinct[i] != distinct[different - 1]) {
                distinct[different++] = distinct[i];
            }
        }
        for (int i = 0; i < n; i++) {
            long rank = Arrays.binarySearch(distinct, 0, different, keys[i]);
            keys[i] = (descending ? different - rank : rank) << 32 | i;
        }
    }
}
