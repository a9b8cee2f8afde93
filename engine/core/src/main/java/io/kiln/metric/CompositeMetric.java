package io.kiln.metric;

import io.kiln.ndarray.NDArray;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;

/**
 * Several metrics of the same samples.
 *
 * <p>Concurrency: one thread at a time.
 */
public final class CompositeMetric {
    private final List<Metric> metrics;

    /**
     * Combines metrics.
     *
     * @param metrics the metrics, with different names
     * @throws IllegalArgumentException if two have the same name
     */
    public CompositeMetric(Metric... metrics) {
        this.metrics = List.of(metrics);
        long names = this.metrics.stream().map(Metric::name).distinct().count();
        if (names != metrics.length) {
            throw new IllegalArgumentException("compositeMetric: needs metrics of different names, got "
                    + this.metrics.stream().map(Metric::name).toList());
        }
    }

    /**
     * Updates all metrics.
     *
     * @param predictions the network's predictions, [N,…]
     * @param labels the labels, [N] or [N,…]
     */
    public void update(NDArray predictions, NDArray labels) {
        metrics.forEach(m -> m.update(predictions, labels));
    }

    /**
     * Updates all metrics with weighted samples.
     *
     * @param predictions the network's predictions, [N,…]
     * @param labels the labels, [N] or [N,…]
     * @param weights weights, as in {@link Metric#update(NDArray, NDArray, NDArray)}
     */
    public void update(NDArray predictions, NDArray labels, NDArray weights) {
        metrics.forEach(m -> m.update(predictions, labels, weights));
    }

    /**
     * Returns the values.
     *
     * @return the value of each metric, by name, in the order given
     */
    public Map<String, Double> values() {
        Map<String, Double> values = new LinkedHashMap<>();
        metrics.forEach(m -> values.put(m.name(), m.value()));
        return values;
    }

    /** Resets all metrics. */
    public void reset() {
        metrics.forEach(Metric::reset);
    }

    /**
     * The states of all metrics, concatenated.
     *
     * @return a copy, which may be added to that of other workers element by element
     */
    public double[] state() {
        return metrics.stream().flatMapToDouble(m -> Arrays.stream(m.state())).toArray();
    }

    /**
     * Adds the samples that another instance has seen.
     *
     * @param other its {@link #state}
     * @throws IllegalArgumentException if the lengths differ
     */
    public void merge(double[] other) {
        int length = state().length;
        if (other.length != length) {
            throw new IllegalArgumentException("compositeMetric: merge needs a state of " + length + " numbers, got "
                    + other.length + "; the other instance has other metrics");
        }
        int at = 0;
        for (Metric m : metrics) {
            int n = m.state().length;
            m.merge(Arrays.copyOfRange(other, at, at + n));
            at += n;
        }
    }

    /** {@return names and values} */
    @Override
    public String toString() {
        StringJoiner j = new StringJoiner(", ");
        metrics.forEach(m -> j.add(m.toString()));
        return j.toString();
    }
}
