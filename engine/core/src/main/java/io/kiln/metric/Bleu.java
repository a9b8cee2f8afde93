package io.kiln.metric;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.ShapeException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Agreement of translations with references by their n-grams, over the whole corpus:
 * \(\min(1, e^{1 - r/c}) \exp(\frac1N \sum_{n=1}^N \ln p_n)\), where p<sub>n</sub> is the share of a translation's
 * n-grams that occur in a reference (each at most as often as there), c the length of the translations and r that of
 * the references closest in length. It is 0 if some order has no match. K. Papineni et al., ACL 2002, where N = 4.
 *
 * <p>Shapes: labels [N,T] and predictions [N,S] of token ids; a row ends at its first padding token.
 */
public final class Bleu extends Metric {
    private final int order;
    private final long padding;

    /**
     * Uses n-grams of up to four tokens.
     *
     * @param padding the token that ends a row, such as -1
     */
    public Bleu(long padding) {
        this(4, padding);
    }

    /**
     * Creates the metric.
     *
     * @param order N, the longest n-grams, at least 1
     * @param padding the token that ends a row
     */
    public Bleu(int order, long padding) {
        super("bleu", Math.addExact(2, Math.multiplyExact(2, order)));
        if (order < 1) {
            throw new IllegalArgumentException("bleu: order must be >= 1, got " + order);
        }
        this.order = order;
        this.padding = padding;
    }

    @Override
    protected void observe(NDArray predictions, NDArray labels, NDArray weights) {
        double[] weight = perLabel(weights, labels);
        if (labels.shape().rank() != 2
                || predictions.shape().rank() != 2
                || labels.shape().dim(0) != predictions.shape().dim(0)) {
            throw new ShapeException("bleu: needs label[N,T] and prediction[N,S] of tokens, got label" + labels.shape()
                    + " and prediction" + predictions.shape());
        }
        long[] l = labels.toLongArray();
        long[] p = tokens(predictions);
        int rows = Math.toIntExact(labels.shape().dim(0));
        int perRow = Math.toIntExact(labels.shape().dim(1));
        for (int i = 0; i < rows; i++) {
            update(weight[i * perRow], row(p, i, rows), List.of(row(l, i, rows)));
        }
    }

    /** A NaN is a token that no reference has. */
    private static long[] tokens(NDArray predictions) {
        long[] p = predictions.toLongArray();
        if (predictions.dtype().isFloating()) {
            float[] values = predictions.toFloatArray();
            for (int i = 0; i < p.length; i++) {
                p[i] = Float.isNaN(values[i]) ? Long.MIN_VALUE : p[i];
            }
        }
        return p;
    }

    private long[] row(long[] all, int i, int rows) {
        int length = all.length / rows;
        int end = i * length;
        while (end < (i + 1) * length && all[end] != padding) {
            end++;
        }
        return Arrays.copyOfRange(all, i * length, end);
    }

    /**
     * Adds one translation.
     *
     * @param translation the translation
     * @param references one or more references
     */
    public void update(long[] translation, List<long[]> references) {
        update(1, translation, references);
    }

    private void update(double weight, long[] translation, List<long[]> references) {
        if (references.isEmpty()) {
            throw new IllegalArgumentException("bleu: a translation needs at least one reference");
        }
        int closest = references.get(0).length;
        for (long[] r : references) {
            int further = Math.abs(r.length - translation.length) - Math.abs(closest - translation.length);
            closest = further < 0 || further == 0 && r.length < closest ? r.length : closest;
        }
        add(0, weight * translation.length);
        add(1, weight * closest);
        for (int n = 1; n <= order; n++) {
            Map<List<Long>, Integer> most = new HashMap<>();
            for (long[] r : references) {
                grams(r, n).forEach((gram, count) -> most.merge(gram, count, Math::max));
            }
            int hits = 0;
            for (Map.Entry<List<Long>, Integer> e : grams(translation, n).entrySet()) {
                hits += Math.min(e.getValue(), most.getOrDefault(e.getKey(), 0));
            }
            add(2 * n, weight * hits);
            add(2 * n + 1, weight * Math.max(0, translation.length - n + 1));
        }
    }

    private static Map<List<Long>, Integer> grams(long[] tokens, int n) {
        Map<List<Long>, Integer> counts = new HashMap<>();
        for (int i = 0; i + n <= tokens.length; i++) {
            counts.merge(Arrays.stream(tokens, i, i + n).boxed().toList(), 1, Integer::sum);
        }
        return counts;
    }

    @Override
    public double value() {
        if (at(1) == 0 && at(0) == 0) {
            return Double.NaN;
        }
        double logs = 0;
        for (int n = 1; n <= order; n++) {
            if (at(2 * n) == 0) {
                return 0;
            }
            logs += Math.log(at(2 * n) / at(2 * n + 1));
        }
        return Math.min(1, Math.exp(1 - at(1) / at(0))) * Math.exp(logs / order);
    }

    @Override
    public boolean isLargerBetter() {
        return true;
    }
}
