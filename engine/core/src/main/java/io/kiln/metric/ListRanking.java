package io.kiln.metric;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import java.util.Arrays;
import java.util.Comparator;

/**
 * The mean of a measure over ranked lists. Shapes: scores [N,L] or [N,L,1]; relevances [N,L], below 0 where a list has
 * ended. Lists without any relevant item do not count. Among equal scores, and scores that are NaN, which rank last, the
 * least relevant come first, so that ties never help.
 */
abstract class ListRanking extends Metric {
    private static final int STATES = 2;

    /** Creates the metric with a name for display. */
    ListRanking(String name) {
        super(name, STATES);
    }

    /**
     * The measure of one list.
     *
     * @param ranked its relevances in the order of the scores; at least one is above 0
     */
    abstract double of(double... ranked);

    @Override
    protected final void observe(NDArray predictions, NDArray labels, NDArray weights) {
        Shape p = predictions.shape();
        Shape l = labels.shape();
        if (l.rank() != 2 || !(p.rank() == 3 && p.dim(-1) == 1 ? p.without(-1) : p).equals(l)) {
            throw new ShapeException(
                    name() + ": needs scores[N,L] or [N,L,1] and relevances[N,L] of lists, got prediction" + p
                            + " and label" + l);
        }
        double[] weight = perLabel(weights, labels);
        double[] s = predictions.toDoubleArray();
        double[] y = labels.toDoubleArray();
        int length = Math.toIntExact(l.dim(1));
        for (int from = 0; from < y.length; from += length) {
            add(s, y, weight, from, length);
        }
    }

    private void add(double[] s, double[] y, double[] weight, int from, int length) {
        Integer[] places = new Integer[length];
        int members = 0;
        double most = 0;
        boolean relevant = false;
        for (int i = from; i < from + length; i++) {
            if (y[i] >= 0 && weight[i] > 0) {
                places[members++] = i;
                most = Math.max(most, weight[i]);
                relevant |= y[i] > 0;
            }
        }
        if (!relevant) {
            return;
        }
        // 0 minus the score: 0 and -0 tie.
        Arrays.sort(
                places,
                0,
                members,
                Comparator.<Integer>comparingDouble(i -> Double.isNaN(s[i]) ? Double.POSITIVE_INFINITY : 0.0 - s[i])
                        .thenComparingDouble(i -> y[i]));
        double[] ranked = new double[members];
        Arrays.setAll(ranked, i -> y[places[i]]);
        add(0, most);
        add(1, most * of(ranked));
    }

    @Override
    public final double value() {
        return at(1) / at(0);
    }

    @Override
    public final boolean isLargerBetter() {
        return true;
    }
}
