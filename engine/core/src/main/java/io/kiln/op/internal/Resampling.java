package io.kiln.op.internal;

import io.kiln.ndarray.ArrayFactory;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.Dispatch;
import io.kiln.op.math.Masked;
import io.kiln.op.vision.InterpolationMode;
import java.util.Arrays;
import java.util.List;

/**
 * Resizes an axis: each new element is a weighted sum of a few old ones. Element i of the new axis lies at
 * \((i + \frac12) n/m - \frac12\) of the old one (n old, m new elements), or with aligned corners at
 * \(i (n - 1)/(m - 1)\).
 */
public final class Resampling {
    private static final double KEYS = -0.75;
    private static final double KEYS_ANTIALIASED = -0.5;

    private final int taps;
    private final int[] counts;
    private final int[] places;
    private final double[] weights;

    private Resampling(int taps, int length) {
        this.taps = taps;
        counts = new int[length];
        Arrays.fill(counts, taps);
        places = new int[Math.multiplyExact(taps, length)];
        weights = new double[places.length];
    }

    /** Checks the attributes of an operator that resamples. */
    public static void check(
            String operation, List<Long> size, InterpolationMode mode, boolean alignCorners, boolean antialias) {
        Window.checkSizes(operation, size);
        boolean smooth = mode == InterpolationMode.LINEAR || mode == InterpolationMode.CUBIC;
        if (!smooth && (alignCorners || antialias)) {
            throw new IllegalArgumentException(operation + ": " + (alignCorners ? "alignCorners" : "antialias")
                    + " does not go with mode " + mode + "; use LINEAR or CUBIC");
        }
    }

    /**
     * Plans an axis.
     *
     * @param mode how to sample
     * @param alignCorners whether the first and last elements of both axes coincide
     * @param antialias whether the weights are stretched where the size is reduced
     * @param from size of the old axis, at least 1
     * @param to size of the new axis, at least 1
     * @return places and weights
     */
    public static Resampling of(InterpolationMode mode, boolean alignCorners, boolean antialias, long from, long to) {
        int n = Math.toIntExact(from);
        int m = Math.toIntExact(to);
        if (antialias) {
            return antialiased(mode, alignCorners, n, m);
        } else if (mode == InterpolationMode.AREA) {
            return area(n, m);
        }
        int taps =
                switch (mode) {
                    case NEAREST, NEAREST_EXACT, AREA -> 1;
                    case LINEAR -> 2;
                    case CUBIC -> 4;
                };
        Resampling r = new Resampling(taps, m);
        for (int i = 0; i < m; i++) {
            double at = alignCorners ? m > 1 ? (double) i * (n - 1) / (m - 1) : 0 : (i + 0.5) * n / m - 0.5;
            switch (mode) {
                case NEAREST_EXACT -> r.set(i, 0, (int) ((2L * i + 1) * n / (2L * m)), n, 1);
                case LINEAR -> r.linear(i, Math.max(0, at), n);
                case CUBIC -> r.cubic(i, at, n);
                default -> r.set(i, 0, (int) ((long) i * n / m), n, 1);
            }
        }
        return r;
    }

    /** Means of the old elements that a new one touches. */
    private static Resampling area(int n, int m) {
        Resampling r = new Resampling(Math.min(n, n / m + 2), m);
        for (int i = 0; i < m; i++) {
            int start = (int) ((long) i * n / m);
            int count = (int) (((i + 1L) * n + m - 1) / m) - start;
            double[] w = new double[count];
            Arrays.fill(w, 1.0 / count);
            r.set(i, start, w);
        }
        return r;
    }

    /** As Pillow and libtorch: the triangle or the cubic of a = -1/2, as wide as a new element, its weights adding up to 1. */
    private static Resampling antialiased(InterpolationMode mode, boolean alignCorners, int n, int m) {
        double scale = alignCorners ? m > 1 ? (double) (n - 1) / (m - 1) : 0 : (double) n / m;
        double stretch = Math.max(1, scale);
        double support = (mode == InterpolationMode.CUBIC ? 2 : 1) * stretch;
        Resampling r = new Resampling(Math.min(n, (int) Math.ceil(support) * 2 + 1), m);
        for (int i = 0; i < m; i++) {
            double centre = scale * (i + 0.5);
            int start = Math.max(0, (int) (centre - support + 0.5));
            int end = Math.min(n, (int) (centre + support + 0.5));
            double[] w = new double[Math.max(0, end - start)];
            double sum = 0;
            for (int j = 0; j < w.length; j++) {
                double d = Math.abs((start + j - centre + 0.5) / stretch);
                w[j] = mode == InterpolationMode.LINEAR ? Math.max(0, 1 - d) : keys(KEYS_ANTIALIASED, d);
                sum += w[j];
            }
            for (int j = 0; j < w.length; j++) {
                w[j] /= sum;
            }
            r.set(i, start, w);
        }
        return r;
    }

    private static double keys(double a, double d) {
        return d < 1 ? inner(a, d) : d < 2 ? outer(a, d) : 0;
    }

    private void set(int i, int start, double... w) {
        counts[i] = w.length;
        for (int j = 0; j < taps; j++) {
            places[i * taps + j] = start + Math.min(j, w.length - 1);
            weights[i * taps + j] = j < w.length ? w[j] : 0;
        }
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
        set(i, 0, low - 1, size, outer(KEYS, 1 + t));
        set(i, 1, low, size, inner(KEYS, t));
        set(i, 2, low + 1, size, inner(KEYS, 1 - t));
        set(i, 3, low + 2, size, outer(KEYS, 2 - t));
    }

    private static double inner(double a, double d) {
        return ((a + 2) * d - (a + 3)) * d * d + 1;
    }

    private static double outer(double a, double d) {
        return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
    }

    /**
     * How many old elements go into a new one at most.
     *
     * @return their number
     */
    public int taps() {
        return taps;
    }

    /**
     * How many old elements go into a new one.
     *
     * @param i the new element
     * @return their number
     */
    public int taps(int i) {
        return counts[i];
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
    public NDArray places(ArrayFactory beside, int tap) {
        long[] p = new long[places.length / taps];
        for (int i = 0; i < p.length; i++) {
            p[i] = place(i, tap);
        }
        return beside.of(Shape.of(p.length), p);
    }

    /** An array times the weights of one tap along an axis; 0 for new elements that have fewer. */
    public NDArray weighted(int tap, int axis, NDArray x) {
        double[] w = new double[counts.length];
        boolean[] has = new boolean[w.length];
        boolean all = true;
        for (int i = 0; i < w.length; i++) {
            w[i] = weight(i, tap);
            has[i] = tap < counts[i];
            all &= has[i];
        }
        long[] d = new long[x.shape().rank()];
        Arrays.fill(d, 1);
        d[axis] = w.length;
        NDArray product = x.mul(x.factory().of(Shape.of(d), w).cast(x.dtype()));
        return all
                ? product
                : Dispatch.one(new Masked(false), product, x.factory().of(Shape.of(d), has));
    }
}
