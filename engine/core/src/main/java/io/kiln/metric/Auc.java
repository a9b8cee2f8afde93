package io.kiln.metric;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.ShapeException;

/**
 * The area under the receiver operating characteristic: the probability that a positive sample has a higher score than a
 * negative one, ties counting half (J. Hanley, B. McNeil, 1982). Shapes: labels [N] of 0 and 1; predictions are probabilities
 * of class 1, [N] or [N,1], or of both classes, [N,2].
 *
 * <p>So that states of fixed length can be merged, probabilities are counted in bins of equal width over [0, 1]; scores in one
 * bin are ties. With b bins the result differs from the exact area by at most half the probability that a positive and a
 * negative sample share a bin. Merging is exact: the result does not depend on how samples were spread over workers.
 */
public final class Auc extends Metric {
    private final int bins;

    /** With 10,000 bins. */
    public Auc() {
        this(10_000);
    }

    /**
     * Creates the metric.
     *
     * @param bins number of bins, at least 2
     */
    public Auc(int bins) {
        super("auc", Math.multiplyExact(2, bins));
        if (bins < 2) {
            throw new IllegalArgumentException("auc: needs at least 2 bins, got " + bins);
        }
        this.bins = bins;
    }

    @Override
    public void update(NDArray labels, NDArray predictions) {
        float[] p = predictions.toFloatArray();
        long[] truth = labels.toLongArray();
        int columns = predictions.shape().rank() == 2
                ? Math.toIntExact(predictions.shape().dim(1))
                : 1;
        if (predictions.shape().rank() > 2 || columns < 1 || columns > 2 || p.length != truth.length * columns) {
            throw new ShapeException("auc: needs label[N] and prediction[N], [N,1] or [N,2], got label" + labels.shape()
                    + " and prediction" + predictions.shape());
        }
        for (int i = 0; i < truth.length; i++) {
            float score = p[i * columns + columns - 1];
            if (truth[i] != 0 && truth[i] != 1 || !(score >= 0 && score <= 1)) {
                throw new IllegalArgumentException("auc: sample " + i
                        + " needs a label of 0 or 1 and a probability, got " + truth[i] + " and " + score);
            }
            int bin = Math.min((int) (score * bins), bins - 1);
            add((int) truth[i] * bins + bin, 1);
        }
    }

    @Override
    public double value() {
        double below = 0;
        double positives = 0;
        double wins = 0;
        for (int b = 0; b < bins; b++) {
            double negative = at(b);
            double positive = at(bins + b);
            wins += positive * (below + negative / 2);
            below += negative;
            positives += positive;
        }
        return wins / (positives * below);
    }

    @Override
    public boolean isLargerBetter() {
        return true;
    }
}
