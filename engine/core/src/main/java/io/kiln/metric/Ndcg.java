package io.kiln.metric;

import java.util.Arrays;

/**
 * Normalised discounted cumulative gain: the mean over lists of \(\mathrm{DCG} / \mathrm{DCG}_{best}\) with
 * \(\mathrm{DCG} = \sum_{r \le k} (2^{y_r} - 1) / \log_2(1 + r)\) over ranks r from 1, and the DCG of the best order.
 * Shapes: scores [N,L] or [N,L,1]; relevances [N,L], at most {@link #MOST}, below 0 where a list has ended. Weights are per
 * list, [N].
 *
 * <p>Lists without any relevant item do not count. Among equal scores the least relevant come first, so that ties never
 * help. K. Järvelin and J. Kekäläinen, TOIS 2002; gains as C. Burges et al., ICML 2005.
 */
public final class Ndcg extends ListRanking {
    /** The largest relevance: gains grow as its power of 2. */
    public static final int MOST = 31;

    private final int places;

    /** Counts all places. */
    public Ndcg() {
        this(Integer.MAX_VALUE);
    }

    /**
     * Counts the first places.
     *
     * @param places k, their number, at least 1
     * @throws IllegalArgumentException if it is smaller
     */
    public Ndcg(int places) {
        super(places == Integer.MAX_VALUE ? "ndcg" : "ndcg@" + places);
        if (places < 1) {
            throw new IllegalArgumentException("ndcg: places must be at least 1, got " + places);
        }
        this.places = places;
    }

    @Override
    double of(double... ranked) {
        double[] best = ranked.clone();
        Arrays.sort(best);
        for (int i = 0, j = best.length - 1; i < j; i++, j--) {
            double t = best[i];
            best[i] = best[j];
            best[j] = t;
        }
        if (best[0] > MOST) {
            throw new IllegalArgumentException(
                    "%s: relevances are exponents of 2, up to %d, got %s; use grades such as 0 to 4"
                            .formatted(name(), MOST, best[0]));
        }
        return gain(ranked) / gain(best);
    }

    private double gain(double... ranked) {
        double sum = 0;
        for (int i = 0; i < Math.min(places, ranked.length); i++) {
            sum += (Math.pow(2, ranked[i]) - 1) * Math.log(2) / Math.log(i + 2.0);
        }
        return sum;
    }
}
