package io.kiln.metric;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;

/** Labels and predictions as Java arrays. */
final class Samples {
    private Samples() {}

    /** Class labels, one per row of predictions[…,classes]. */
    static long[] classes(String metric, NDArray predictions, NDArray labels) {
        Shape p = predictions.shape();
        Shape l = labels.shape();
        boolean column = l.rank() == p.rank() && l.dim(-1) == 1;
        if (p.rank() < 2 || !(column ? l.without(-1) : l).equals(p.without(-1))) {
            throw new ShapeException(
                    metric + ": predictions[…,classes]" + p + " need one label per row, got label" + l);
        }
        long[] classes = labels.toLongArray();
        for (int i = 0; i < classes.length; i++) {
            if (classes[i] < 0 || classes[i] >= p.dim(-1)) {
                throw new IllegalArgumentException(metric + ": label " + classes[i] + " of sample " + i
                        + " is outside the classes 0.." + (p.dim(-1) - 1));
            }
        }
        return classes;
    }

    /** Two arrays of one shape, or [N] and [N,1]. */
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

    /** The first index of the largest of {@code count} elements from {@code start}; a NaN is larger than all. */
    static int largest(float[] x, int start, int count) {
        int best = 0;
        for (int i = 1; i < count; i++) {
            if (x[start + i] > x[start + best] || Float.isNaN(x[start + i]) && !Float.isNaN(x[start + best])) {
                best = i;
            }
        }
        return best;
    }

    /**
     * The predicted class of each sample: the largest of predictions[N,classes], or, for [N] and [N,1], whether the score is
     * above a threshold.
     */
    static int[] decisions(NDArray predictions, double threshold) {
        float[] p = predictions.toFloatArray();
        Shape s = predictions.shape();
        int classes = s.rank() > 1 ? Math.toIntExact(s.dim(-1)) : 1;
        int[] decisions = new int[p.length / Math.max(1, classes)];
        for (int i = 0; i < decisions.length; i++) {
            decisions[i] = classes > 1 ? largest(p, i * classes, classes) : p[i] > threshold ? 1 : 0;
        }
        return decisions;
    }
}
