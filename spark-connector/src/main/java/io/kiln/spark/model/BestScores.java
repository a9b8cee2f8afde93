package io.kiln.spark.model;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/**
 * The highest of many scores. Of equal scores the one with the smaller id is better, and NaN is worse than all.
 *
 * <p>Concurrency: not thread-safe.
 */
public final class BestScores {
    private static final Comparator<Scored> WORST_FIRST = Comparator.<Scored>comparingDouble(
                    s -> Float.isNaN(s.score()) ? Float.NEGATIVE_INFINITY : s.score())
            .thenComparing(Scored::id, Comparator.reverseOrder());

    private final int count;
    private final PriorityQueue<Scored> top = new PriorityQueue<>(WORST_FIRST);

    /**
     * An item and its score.
     *
     * @param id the item
     * @param score its score
     */
    public record Scored(long id, float score) {}

    /**
     * Begins without scores.
     *
     * @param count how many are kept, at least 1
     */
    public BestScores(int count) {
        this.count = count;
    }

    /**
     * Takes a score into account.
     *
     * @param id the item
     * @param score its score
     */
    public void add(long id, float score) {
        Scored scored = new Scored(id, score);
        if (top.size() < count) {
            top.add(scored);
        } else if (WORST_FIRST.compare(scored, top.peek()) > 0) {
            top.remove();
            top.add(scored);
        }
    }

    /** {@return at most count scores, the best first} */
    public List<Scored> list() {
        List<Scored> all = new ArrayList<>(top);
        all.sort(Collections.reverseOrder(WORST_FIRST));
        return all;
    }
}
