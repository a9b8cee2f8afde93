package io.kiln.metric;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.ShapeException;

/** Checks of labels against decisions. */
final class Confusion {
    private Confusion() {}

    static long[] check(String metric, int[] said, NDArray labels, int classes) {
        if (labels.size() != said.length) {
            throw new ShapeException(
                    metric + ": " + said.length + " predictions need as many labels, got label" + labels.shape());
        }
        long[] truth = labels.toLongArray();
        for (int i = 0; i < truth.length; i++) {
            if (truth[i] < 0 || truth[i] >= classes || said[i] >= classes) {
                throw new IllegalArgumentException(metric + ": label " + truth[i] + " or prediction " + said[i]
                        + " of sample " + i + " is outside the classes 0.." + (classes - 1));
            }
        }
        return truth;
    }
}
