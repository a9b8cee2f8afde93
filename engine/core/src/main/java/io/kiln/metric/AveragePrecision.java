package io.kiln.metric;

/**
 * The area under the curve of precision over recall, as a sum of steps: \(\sum_k (R_k - R_{k-1}) P_k\) over thresholds from
 * the largest score to the smallest (average precision). Shapes: labels [N] of 0 and 1; predictions are probabilities of
 * class 1, [N] or [N,1], or of both classes, [N,2].
 *
 * <p>Probabilities are counted in bins as for {@link Auc}; scores in one bin are one threshold.
 */
public final class AveragePrecision extends ScoreHistogram {
    /** With 10,000 bins. */
    public AveragePrecision() {
        this(10_000);
    }

    /**
     * Creates the metric.
     *
     * @param bins number of bins, at least 2
     */
    public AveragePrecision(int bins) {
        super("average-precision", bins);
    }

    @Override
    public double value() {
        double hits = 0;
        double said = 0;
        double sum = 0;
        for (int b = bins() - 1; b >= 0; b--) {
            hits += positives(b);
            said += positives(b) + negatives(b);
            sum += positives(b) == 0 ? 0 : positives(b) * hits / said;
        }
        return sum / hits;
    }
}
