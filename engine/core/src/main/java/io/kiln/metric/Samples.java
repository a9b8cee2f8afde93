package io.kiln.metric;

import io.kiln.backend.Device;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.op.math.Elementwise;
import java.util.Arrays;
import java.util.stream.IntStream;

/** Labels and predictions as Java arrays. */
final class Samples {
    private Samples() {}

    /** Whether Java can read the arrays, some of which may be null, where they are. */
    static boolean areReadable(NDArray... arrays) {
        for (NDArray x : arrays) {
            if (x != null && !x.backend().traits().hostAddressable()) {
                return false;
            }
        }
        return true;
    }

    /** The arrays in the CPU's memory; null stays null. */
    static NDArray[] onHost(NDArray... arrays) {
        NDArray[] coming = new NDArray[arrays.length];
        Arrays.setAll(coming, i -> arrays[i] == null ? null : arrays[i].prefetch());
        NDArray[] here = new NDArray[arrays.length];
        Arrays.setAll(here, i -> coming[i] == null ? null : coming[i].to(Device.cpu()));
        return here;
    }

    /** Class labels, one per row of predictions[…,classes]; those with weight 0 may have any value, and are 0 here. */
    static long[] classes(String metric, NDArray predictions, NDArray labels, double... weights) {
        Shape p = predictions.shape();
        Shape l = labels.shape();
        boolean column = l.rank() == p.rank() && l.dim(-1) == 1;
        if (p.rank() < 2 || !(column ? l.without(-1) : l).equals(p.without(-1))) {
            throw new ShapeException(
                    metric + ": predictions[…,classes]" + p + " need one label per row, got label" + l);
        }
        long[] classes = labels.toLongArray();
        for (int i = 0; i < classes.length; i++) {
            if (weights[i] == 0) {
                classes[i] = 0;
            } else if (classes[i] < 0 || classes[i] >= p.dim(-1)) {
                throw new IllegalArgumentException(metric + ": label " + classes[i] + " of sample " + i
                        + " is outside the classes 0.." + (p.dim(-1) - 1));
            }
        }
        return classes;
    }

    /** Weights of the leading axes of labels, each equal or 1, as one number per label; 1 for null. */
    static double[] perLabel(String metric, NDArray weights, Shape labels) {
        if (weights == null) {
            double[] ones = new double[Math.toIntExact(labels.size())];
            Arrays.fill(ones, 1);
            return ones;
        }
        Shape w = weights.shape();
        while (w.rank() > labels.rank() && w.dim(-1) == 1) {
            w = w.without(-1);
        }
        boolean fits = w.rank() > 0 && w.rank() <= labels.rank();
        for (int i = 0; fits && i < w.rank(); i++) {
            fits = w.dim(i) == 1 || w.dim(i) == labels.dim(i);
        }
        if (!fits) {
            throw new ShapeException(metric + ": weights must be per sample, [N], or have the leading axes of label"
                    + labels + ", each equal or 1; got " + weights.shape());
        }
        double[] given = weights.toDoubleArray();
        double[] each = new double[Math.toIntExact(labels.size())];
        for (int i = 0; i < each.length; i++) {
            long rest = i;
            long at = 0;
            long stride = 1;
            for (int a = labels.rank() - 1; a >= 0; a--) {
                long index = rest % labels.dim(a);
                rest /= labels.dim(a);
                if (a < w.rank()) {
                    at += w.dim(a) == 1 ? 0 : index * stride;
                    stride *= w.dim(a);
                }
            }
            each[i] = given[(int) at];
            if (!(each[i] >= 0)) {
                throw new IllegalArgumentException(metric + ": weights must be >= 0, got " + each[i] + " at " + i);
            }
        }
        return each;
    }

    /** The number of samples, along axis 0, with a NaN among their predictions and a nonzero weight. */
    static long withNan(NDArray predictions, NDArray weights) {
        if (!predictions.dtype().isFloating() || predictions.size() == 0) {
            return 0;
        }
        try (Scope scope = Scope.open()) {
            NDArray nan = Elementwise.isNan(predictions).cast(DType.INT32);
            if (nan.max().item() == 0) {
                return 0;
            }
            double[] has = perSample(nan);
            double[] counts = weights == null ? null : perSample(weights);
            long count = 0;
            for (int i = 0; i < has.length; i++) {
                boolean counted = counts == null || counts[counts.length == 1 ? 0 : i] > 0;
                count += has[i] > 0 && counted ? 1 : 0;
            }
            return count;
        }
    }

    private static double[] perSample(NDArray x) {
        int[] behind = IntStream.range(1, x.shape().rank()).toArray();
        return (behind.length == 0 ? x : x.max(behind)).toDoubleArray();
    }

    /** Whether one of {@code count} elements from {@code start} is NaN. */
    static boolean hasNan(float[] x, int start, int count) {
        for (int i = start; i < start + count; i++) {
            if (Float.isNaN(x[i])) {
                return true;
            }
        }
        return false;
    }

    /** Checks that two arrays have the same shape, or are [N] and [N,1]. */
    static void checkAlike(String metric, NDArray predictions, NDArray labels) {
        Shape p = predictions.shape();
        Shape l = labels.shape();
        if (!trimmed(p).equals(trimmed(l))) {
            throw new ShapeException(
                    metric + ": labels and predictions must have one shape, got label" + l + " and prediction" + p);
        }
    }

    private static Shape trimmed(Shape s) {
        return s.rank() > 1 && s.dim(-1) == 1 ? s.without(-1) : s;
    }

    /** The first index of the largest of {@code count} elements from {@code start}. */
    static int largest(float[] x, int start, int count) {
        int best = 0;
        for (int i = 1; i < count; i++) {
            if (x[start + i] > x[start + best]) {
                best = i;
            }
        }
        return best;
    }

    /**
     * The predicted class of each sample: the largest of predictions[N,classes], or, for [N] and [N,1], whether the
     * score is above a threshold; -1, which is never a label, if a prediction is NaN.
     */
    static int[] decisions(NDArray predictions, double threshold) {
        float[] p = predictions.toFloatArray();
        Shape s = predictions.shape();
        int classes = s.rank() > 1 ? Math.toIntExact(s.dim(-1)) : 1;
        int[] decisions = new int[p.length / Math.max(1, classes)];
        for (int i = 0; i < decisions.length; i++) {
            decisions[i] = hasNan(p, i * classes, classes)
                    ? -1
                    : classes > 1 ? largest(p, i * classes, classes) : p[i] > threshold ? 1 : 0;
        }
        return decisions;
    }
}
