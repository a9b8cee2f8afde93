package io.kiln.metric;

/**
 * The area under the receiver operating characteristic: the probability that a positive sample has a higher score than
 * a negative one, ties counting half (J. Hanley, B. McNeil, 1982). Shapes: labels [N] of 0 and 1; predictions are
 * probabilities of class 1, [N] or [N,1], or of both classes, [N,2].
 *
 * <p>An instance that has seen all samples itself ranks up to a million of them exactly (float32 scores). Beyond that,
 * and after a merge, scores are counted in bins, so that states of fixed length can be added; scores in the same bin
 * are ties. No bin is wider than 6.2e-5, nor than 1/256 of the score or of one minus the score, so that tiny
 * probabilities are ranked as well; the area then differs from the exact one by at most half the probability that a
 * positive and a negative sample share a bin. It does not depend on how samples were distributed to workers. Samples
 * whose prediction is NaN lose all comparisons.
 */
public final class Auc extends ScoreRanking {
    /** Ranks up to a million samples exactly. */
    public Auc() {
        this(1 << 20);
    }

    /**
     * Creates the metric.
     *
     * @param exact number of samples that are ranked exactly, at least 0
     */
    public Auc(int exact) {
        super("auc", exact);
    }

    @Override
    public double value() {
        double[] sums = new double[3]; // negatives below, positives, pairs won
        walk(true, (negatives, positives) -> {
            sums[2] += positives * (sums[0] + negatives / 2);
            sums[0] += negatives;
            sums[1] += positives;
        });
        return sums[2] / ((sums[1] + nanPositives()) * (sums[0] + nanNegatives()));
    }
}
