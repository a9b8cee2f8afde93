package io.kiln.op;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import java.util.Arrays;

/**
 * How an axis of one size becomes one of another: each new element is a weighted sum of a few old ones. Element i of the new
 * axis lies at \((i + \frac12) n/m - \frac12\) of the old one (n old, m new elements), or with aligned corners at
 * \(i (n - 1)/(m - 1)\).
 */
public final class Resampling {
    private static final double KEYS = -0.75;

    private final int taps;
    private final int[] places;
    private final double[] weights;

    private Resampling(int taps, int length) {
        this.taps = taps;
        places = new int[Math.multiplyExact(taps, length)];
        weights = new double[places.length];
    }

    /**
     * Plans an axis.
     *
     * @param mode how to sample
     * @param alignCorners whether the first and last elements of both axes coincide
     * @param from size of the old axis, at least 1
     * @param to size of the new axis, at least 1
     * @return places and weights
     */
    public static Resampling of(InterpolationMode mode, boolean alignCorners, long from, long to) {
        int n = Math.toIntExact(from);
        int m = Math.toIntExact(to);
        int taps =
                switch (mode) {
                    case NEAREST -> 1;
                    case LINEAR -> 2;
                    case CUBIC -> 4;
                };
        Resampling r = new Resampling(taps, m);
        for (int i = 0; i < m; i++) {
            double at = alignCorners ? m > 1 ? (double) i * (n - 1) / (m - 1) : 0 : (i + 0.5) * n / m - 0.5;
            switch (mode) {
                case NEAREST -> r.set(i, 0, (int) ((long) i * n / m), n, 1);
                case LINEAR -> r.linear(i, Math.max(0, at), n);
                case CUBIC -> r.cubic(i, at, n);
            }
        }
        return r;
    }

    private void set(int i, int tap, int place, int size, double weight) {
        places[i * taps + tap] = Math.max(0, Math.min(size - 1, place));
        weights[i * taps + tap] = weight;
    }

    private void linear(int i, double at, int size) {
        int low = (int) at;
        set(i, 0, low, size, 1 - (at - low));
        set(i, 1, low + 1, size, at - low);
    }

    private void cubic(int i, double at, int size) {
        int low = (int) Math.floor(at);
        double t = at - low;
        set(i, 0, low - 1, size, outer(1 + t));
        set(i, 1, low, size, inner(t));
        set(i, 2, low + 1, size, inner(1 - t));
        set(i, 3, low + 2, size, outer(2 - t));
    }

    private static double inner(double d) {
        return ((KEYS + 2) * d - (KEYS + 3)) * d * d + 1;
    }

    private static double outer(double d) {
        return ((KEYS * d - 5 * KEYS) * d + 8 * KEYS) * d - 4 * KEYS;
    }

    /**
     * How many old elements go into a new one.
     *
     * @return 1, 2 or 4
     */
    public int taps() {
        return taps;
    }

    /**
     * An old element that goes into a new one.
     *
     * @param i the new element
     * @param tap which of the old ones
     * @return its place
     */
    public int place(int i, int tap) {
        return places[i * taps + tap];
    }

    /**
     * The weight of an old element in a new one.
     *
     * @param i the new element
     * @param tap which of the old ones
     * @return its weight
     */
    public double weight(int i, int tap) {
        return weights[i * taps + tap];
    }

    /** The places of one tap, as an array of int64. */
    NDArray places(int tap) {
        long[] p = new long[places.length / taps];
        for (int i = 0; i < p.length; i++) {
            p[i] = place(i, tap);
        }
        return NDArray.of(Shape.of(p.length), p);
    }

    /** The weights of one tap, in a shape that broadcasts along an axis. */
    NDArray weights(int tap, int rank, int axis, DType dtype) {
        double[] w = new double[weights.length / taps];
        for (int i = 0; i < w.length; i++) {
            w[i] = weight(i, tap);
        }
        long[] d = new long[rank];
        Arrays.fill(d, 1);
        d[axis] = w.length;
        return NDArray.of(Shape.of(d), w).cast(dtype);
    }
}
