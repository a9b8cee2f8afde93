package io.kiln.metric;

/**
 * The area under the receiver operating characteristic: the probability that a positive sample has a higher score than a
 * negative one, ties counting half (J. Hanley, B. McNeil, 1982). Shapes: labels [N] of 0 and 1; predictions are probabilities
 * of class 1, [N] or [N,1], or of both classes, [N,2].
 *
 * <p>So that states of fixed length can be merged, probabilities are counted in bins of equal width over [0, 1]; scores in one
 * bin are ties. With b bins the result differs from the exact area by at most half the probability that a positive and a
 * negative sample share a bin. Merging is exact: the result does not depend on how samples were spread over workers.
 */
public final class Auc extends ScoreHistogram {
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
        super("auc", bins);
    }

    @Override
    public double value() {
        double below = 0;
        double positives = 0;
        double wins = 0;
        for (int b = 0; b < bins(); b++) {
            wins += positives(b) * (below + negatives(b) / 2);
            below += negatives(b);
            positives += positives(b);
        }
        return wins / (positives * below);
    }
}
