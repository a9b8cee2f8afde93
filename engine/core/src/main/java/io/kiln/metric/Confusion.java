package io.kiln.metric;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.ShapeException;

/** Compares labels with decisions. */
final class Confusion {
    private Confusion() {}

    static long[] check(String metric, int[] said, NDArray labels, int classes, double... weights) {
        if (labels.size() != said.length) {
            throw new ShapeException(
                    metric + ": " + said.length + " predictions need as many labels, got label" + labels.shape());
        }
        long[] truth = labels.toLongArray();
        for (int i = 0; i < truth.length; i++) {
            if (weights[i] > 0 && (truth[i] < 0 || truth[i] >= classes || said[i] >= classes)) {
                throw new IllegalArgumentException(metric + ": label " + truth[i] + " or prediction " + said[i]
                        + " of sample " + i + " is outside the classes 0.." + (classes - 1));
            }
        }
        return truth;
    }

    /** Adds to a number of a metric's state. */
    interface Counts {
        void add(int index, double amount);
    }

    /** Counts a decision, -1 for none: a hit, or a false alarm of the predicted class and a miss of the true one. */
    static void count(Counts counts, int truth, int said, double weight) {
        if (truth == said) {
            counts.add(3 * truth, weight);
        } else {
            counts.add(3 * truth + 2, weight);
            if (said >= 0) {
                counts.add(3 * said + 1, weight);
            }
        }
    }
}
