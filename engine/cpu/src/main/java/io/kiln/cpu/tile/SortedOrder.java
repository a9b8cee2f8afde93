package io.kiln.cpu.tile;

import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.internal.Memory;
import java.util.Arrays;

/**
 * The indices that sort a row, stably, with NaN as the largest. Each element is mapped to a 64-bit integer with the
 * same order. Long rows are radix-sorted byte by byte, last byte first, skipping bytes that all elements share; short
 * rows are sorted by insertion.
 */
final class SortedOrder {
    private static final int SHORT = 48;
    private static final int DIGITS = Long.BYTES;
    private static final int RADIX = 256;

    private final boolean descending;
    private final int[][] counts = new int[DIGITS][RADIX];
    private long[] keys;
    private int[] places;
    private long[] nextKeys;
    private int[] nextPlaces;

    SortedOrder(long length, boolean descending) {
        if (length > Integer.MAX_VALUE - 8) {
            throw new ShapeException("argSort: an axis of at most 2^31 - 9 elements can be sorted, got " + length);
        }
        this.descending = descending;
        keys = new long[(int) length];
        places = new int[keys.length];
        nextKeys = new long[keys.length > SHORT ? keys.length : 0];
        nextPlaces = new int[nextKeys.length];
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
        for (int i = 0; i < n; i++) {
            places[i] = i;
            keys[i] = descending ? ~keys[i] : keys[i];
        }
        if (n <= SHORT) {
            insert();
        } else {
            distribute();
        }
        long to = out.start(row);
        long step = out.stride * Long.BYTES;
        for (int i = 0; i < n; i++) {
            Memory.putLong(to + i * step, places[i]);
        }
    }

    private void order(double[] a, int at, int n) {
        for (int i = 0; i < n; i++) {
            keys[at + i] = key(a[i]);
        }
    }

    /** Maps a number to an integer with the same order; -0 equals 0, and all NaN are equal and the largest. */
    static long key(double a) {
        long bits = Double.doubleToLongBits(a + 0.0);
        return bits ^ bits >> 63 & Long.MAX_VALUE;
    }

    private void insert() {
        for (int i = 1; i < keys.length; i++) {
            long key = keys[i];
            int at = i;
            while (at > 0 && keys[at - 1] > key) {
                keys[at] = keys[at - 1];
                places[at] = places[at - 1];
                at--;
            }
            keys[at] = key;
            places[at] = i;
        }
    }

    private void distribute() {
        for (int[] c : counts) {
            Arrays.fill(c, 0);
        }
        for (long key : keys) {
            // With the sign bit flipped, the order is that of unsigned numbers.
            long k = key ^ Long.MIN_VALUE;
            for (int d = 0; d < DIGITS; d++) {
                counts[d][(int) (k >>> 8 * d) & 0xff]++;
            }
        }
        for (int d = 0; d < DIGITS; d++) {
            if (counts[d][digit(keys[0], d)] < keys.length) {
                distribute(d);
            }
        }
    }

    /** One stable pass. */
    private void distribute(int d) {
        int[] next = counts[d];
        int start = 0;
        for (int v = 0; v < RADIX; v++) {
            int count = next[v];
            next[v] = start;
            start += count;
        }
        for (int i = 0; i < keys.length; i++) {
            int to = next[digit(keys[i], d)]++;
            nextKeys[to] = keys[i];
            nextPlaces[to] = places[i];
        }
        long[] k = keys;
        keys = nextKeys;
        nextKeys = k;
        int[] p = places;
        places = nextPlaces;
        nextPlaces = p;
    }

    private static int digit(long key, int d) {
        return (int) ((key ^ Long.MIN_VALUE) >>> 8 * d) & 0xff;
    }
}
