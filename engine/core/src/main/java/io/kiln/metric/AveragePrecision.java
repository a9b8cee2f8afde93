package io.kiln.metric;

/**
 * The area under the curve of precision over recall, as a sum of steps: \(\sum_k (R_k - R_{k-1}) P_k\) over thresholds
 * from the largest score to the smallest (average precision). Shapes: labels [N] of 0 and 1; predictions are
 * probabilities of class 1, [N] or [N,1], or of both classes, [N,2].
 *
 * <p>Exact, and in bins beyond a million samples or after a merge, like {@link Auc}; scores in the same bin are one
 * threshold. Positive samples whose prediction is NaN are never found, negative ones rank above all others.
 */
public final class AveragePrecision extends ScoreRanking {
    /** Ranks up to a million samples exactly. */
    public AveragePrecision() {
        this(1 << 20);
    }

    /**
     * Creates the metric.
     *
     * @param exact number of samples that are ranked exactly, at least 0
     */
    public AveragePrecision(int exact) {
        super("average-precision", exact);
    }

    @Override
    public double value() {
        double[] sums = {0, nanNegatives(), 0}; // hits, samples above, precision times hits
        walk(false, (negatives, positives) -> {
            sums[0] += positives;
            sums[1] += positives + negatives;
            sums[2] += positives == 0 ? 0 : positives * sums[0] / sums[1];
        });
        return sums[2] / (sums[0] + nanPositives());
    }
}
