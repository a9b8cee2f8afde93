package io.kiln.metric;

/**
 * Mean average precision: the mean over lists of \(\frac{1}{R} \sum_{r:\,y_r > 0} P_r\) over the ranks r of the R
 * relevant items, where \(P_r\) is the share of relevant items among the first r. Shapes: scores [N,L] or [N,L,1];
 * relevances [N,L], below 0 where a list has ended; those above 0 are relevant, whatever their grade. Weights are per
 * list, [N].
 *
 * <p>Lists without any relevant item do not count. Among equal scores the irrelevant come first, so that ties never
 * help. {@link AveragePrecision} is the measure of one list of all samples.
 */
public final class MeanAveragePrecision extends ListRanking {
    /** Creates the metric. */
    public MeanAveragePrecision() {
        super("map");
    }

    @Override
    double of(double... ranked) {
        int found = 0;
        double sum = 0;
        for (int i = 0; i < ranked.length; i++) {
            if (ranked[i] > 0) {
                sum += ++found / (i + 1.0);
            }
        }
        return sum / found;
    }
}
