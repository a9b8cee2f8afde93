package io.kiln.metric;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.ShapeException;
import java.util.Arrays;

/**
 * Ranks the scores of positive and negative samples. An instance that has seen all samples itself keeps a limited
 * number of scores and ranks them exactly. Beyond that, and after a merge, it ranks {@link ScoreBins}, of which the
 * state consists: number b is the weight of the negative samples in bin b, number {@code ScoreBins.COUNT + b} that of
 * the positive ones; then come the negative and positive samples whose score is NaN. These are ranked worst: negative
 * ones above all, positive ones below all.
 */
abstract class ScoreRanking extends Metric {
    private static final int NAN = 2 * ScoreBins.COUNT;

    private final int most;
    private float[] scores = {};
    /** The weight of each score's sample, negative for a negative sample. */
    private double[] signs = {};

    private int seen;
    private boolean exact = true;

    /** Receives the weights at each score, in ascending or descending order. */
    interface Step {
        void at(double negatives, double positives);
    }

    ScoreRanking(String name, int most) {
        super(name, NAN + 2);
        if (most < 0) {
            throw new IllegalArgumentException(name + ": needs a number of exact scores >= 0, got " + most);
        }
        this.most = most;
    }

    @Override
    protected final void observe(NDArray predictions, NDArray labels, NDArray weights) {
        float[] p = predictions.toFloatArray();
        long[] truth = labels.toLongArray();
        double[] weight = perLabel(weights, labels);
        int columns = predictions.shape().rank() == 2
                ? Math.toIntExact(predictions.shape().dim(1))
                : 1;
        if (predictions.shape().rank() > 2 || columns < 1 || columns > 2 || p.length != truth.length * columns) {
            throw new ShapeException(name() + ": needs label[N] and prediction[N], [N,1] or [N,2], got label"
                    + labels.shape() + " and prediction" + predictions.shape());
        }
        for (int i = 0; i < truth.length; i++) {
            if (weight[i] == 0) {
                continue;
            }
            float score = p[i * columns + columns - 1];
            boolean nan = Samples.hasNan(p, i * columns, columns);
            if (truth[i] != 0 && truth[i] != 1 || !nan && !(score >= 0 && score <= 1)) {
                throw new IllegalArgumentException(name() + ": sample " + i
                        + " needs a label of 0 or 1 and a probability, got " + truth[i] + " and " + score);
            }
            int label = (int) truth[i];
            add(nan ? NAN + label : label * ScoreBins.COUNT + ScoreBins.of(score), weight[i]);
            if (!nan) {
                remember(score, label == 1 ? weight[i] : -weight[i]);
            }
        }
    }

    private void remember(float score, double sign) {
        if (!exact) {
            return;
        }
        if (seen == most) {
            forget(false);
            return;
        }
        if (seen == scores.length) {
            int length = Math.min(most, Math.max(64, 2 * seen));
            scores = Arrays.copyOf(scores, length);
            signs = Arrays.copyOf(signs, length);
        }
        scores[seen] = score + 0f; // -0 is 0
        signs[seen++] = sign;
    }

    private void forget(boolean again) {
        exact = again;
        seen = 0;
        scores = new float[0];
        signs = new double[0];
    }

    @Override
    protected final void stateReplaced(boolean empty) {
        forget(empty);
    }

    /** Iterates over all scores that are numbers; indistinguishable scores make one step. */
    final void walk(boolean rising, Step step) {
        if (exact) {
            walkScores(rising, step);
            return;
        }
        for (int i = 0; i < ScoreBins.COUNT; i++) {
            int b = rising ? i : ScoreBins.COUNT - 1 - i;
            double negatives = at(b);
            double positives = at(ScoreBins.COUNT + b);
            if (negatives + positives > 0) {
                step.at(negatives, positives);
            }
        }
    }

    private void walkScores(boolean rising, Step step) {
        long[] order = new long[seen];
        for (int i = 0; i < seen; i++) {
            order[i] = (long) Float.floatToRawIntBits(scores[i]) << Integer.SIZE | i;
        }
        Arrays.sort(order);
        for (int i = 0; i < seen; ) {
            float score = score(order, rising, i);
            double negatives = 0;
            double positives = 0;
            for (; i < seen && score(order, rising, i) == score; i++) {
                double sign = signs[(int) order[rising ? i : seen - 1 - i]];
                negatives += sign < 0 ? -sign : 0;
                positives += sign > 0 ? sign : 0;
            }
            step.at(negatives, positives);
        }
    }

    private float score(long[] order, boolean rising, int i) {
        return scores[(int) order[rising ? i : seen - 1 - i]];
    }

    /** The weight of negative samples whose score is NaN. */
    final double nanNegatives() {
        return at(NAN);
    }

    /** The weight of positive samples whose score is NaN. */
    final double nanPositives() {
        return at(NAN + 1);
    }

    @Override
    public final boolean isLargerBetter() {
        return true;
    }
}
