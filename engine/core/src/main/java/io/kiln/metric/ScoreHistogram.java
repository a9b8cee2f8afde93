package io.kiln.metric;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.ShapeException;

/**
 * Counts the scores of positive and negative samples in bins of equal width over [0, 1], so that states of fixed length can be
 * merged. Bin b of the negative samples is number b of the state, that of the positive ones number bins + b.
 */
abstract class ScoreHistogram extends Metric {
    private final int bins;

    ScoreHistogram(String name, int bins) {
        super(name, Math.multiplyExact(2, bins));
        if (bins < 2) {
            throw new IllegalArgumentException(name + ": needs at least 2 bins, got " + bins);
        }
        this.bins = bins;
    }

    @Override
    public final void update(NDArray predictions, NDArray labels) {
        float[] p = predictions.toFloatArray();
        long[] truth = labels.toLongArray();
        int columns = predictions.shape().rank() == 2
                ? Math.toIntExact(predictions.shape().dim(1))
                : 1;
        if (predictions.shape().rank() > 2 || columns < 1 || columns > 2 || p.length != truth.length * columns) {
            throw new ShapeException(name() + ": needs label[N] and prediction[N], [N,1] or [N,2], got label"
                    + labels.shape() + " and prediction" + predictions.shape());
        }
        for (int i = 0; i < truth.length; i++) {
            float score = p[i * columns + columns - 1];
            if (truth[i] != 0 && truth[i] != 1 || !(score >= 0 && score <= 1)) {
                throw new IllegalArgumentException(name() + ": sample " + i
                        + " needs a label of 0 or 1 and a probability, got " + truth[i] + " and " + score);
            }
            int bin = Math.min((int) (score * bins), bins - 1);
            add((int) truth[i] * bins + bin, 1);
        }
    }

    final int bins() {
        return bins;
    }

    final double negatives(int bin) {
        return at(bin);
    }

    final double positives(int bin) {
        return at(bins + bin);
    }

    @Override
    public final boolean isLargerBetter() {
        return true;
    }
}
