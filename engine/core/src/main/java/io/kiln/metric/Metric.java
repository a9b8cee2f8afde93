package io.kiln.metric;

import io.kiln.autograd.Autograd;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import java.util.Arrays;

/**
 * A value over all samples seen since the last reset. Its whole state is an array of doubles of fixed length; the state
 * for several workers' samples together is the {@linkplain #merge sum} of theirs. Samples with a NaN among their
 * predictions are {@linkplain #nanSamples counted}, and are never hits.
 *
 * <p>Life cycle: {@link #update} any number of times, {@link #value}, {@link #reset}. A value over no samples is NaN.
 *
 * <p>Concurrency: one thread at a time.
 */
public abstract class Metric {
    private final String name;
    private final double[] state;

    /**
     * Creates the metric.
     *
     * @param name its name for display
     * @param stateLength length of its state, which is followed by the number of samples with NaN
     */
    protected Metric(String name, int stateLength) {
        this.name = name;
        this.state = new double[Math.addExact(stateLength, 1)];
    }

    /**
     * The name.
     *
     * @return a name for display, such as {@code accuracy}
     */
    public final String name() {
        return name;
    }

    /**
     * Adds samples.
     *
     * @param predictions the network's predictions, [N,…]
     * @param labels the labels, [N] or [N,…]
     * @throws io.kiln.ndarray.ShapeException if the shapes do not match
     */
    public final void update(NDArray predictions, NDArray labels) {
        update(predictions, labels, null);
    }

    /**
     * Adds weighted samples. Samples or labels with weight 0 are ignored, whatever their label: use this to mask
     * padding.
     *
     * <p>The metric is computed on the CPU. For arrays on a device this waits once, and not at all if all of them were
     * {@linkplain NDArray#prefetch prefetched} and have arrived.
     *
     * @param predictions the network's predictions, [N,…]
     * @param labels the labels, [N] or [N,…]
     * @param weights weights, at least 0, per sample, [N] or [N,1], or per label: with the leading axes of the labels,
     *     each equal or 1; null if all are 1
     * @throws io.kiln.ndarray.ShapeException if the shapes do not match
     */
    public final void update(NDArray predictions, NDArray labels, NDArray weights) {
        if (Samples.areReadable(predictions, labels, weights)) {
            take(predictions, labels, weights);
            return;
        }
        try (Scope scope = Scope.open();
                Autograd.Mode mode = Autograd.pause()) {
            NDArray[] here = Samples.onHost(predictions, labels, weights);
            take(here[0], here[1], here[2]);
        }
    }

    private void take(NDArray predictions, NDArray labels, NDArray weights) {
        observe(predictions, labels, weights);
        state[state.length - 1] += Samples.withNan(predictions, weights);
    }

    /**
     * Adds samples whose arrays are in the CPU's memory. A prediction that contains a NaN is never a hit: if the metric
     * counts hits it is a miss, if it is a mean of errors the mean is NaN.
     *
     * @param predictions the network's predictions, [N,…]
     * @param labels the labels, [N] or [N,…]
     * @param weights weights of samples or labels; null if all are 1
     * @see #perLabel
     */
    protected abstract void observe(NDArray predictions, NDArray labels, NDArray weights);

    /**
     * The weight of each label.
     *
     * @param weights weights passed to {@link #observe}, or null
     * @param labels the labels
     * @return one weight per label, row-major
     */
    protected final double[] perLabel(NDArray weights, NDArray labels) {
        return Samples.perLabel(name, weights, labels.shape());
    }

    /**
     * The number of samples with a NaN among their predictions; they are never hits.
     *
     * @return number of samples, along axis 0 of the predictions, since the last reset
     */
    public final long nanSamples() {
        return (long) state[state.length - 1];
    }

    /**
     * The metric's value.
     *
     * @return the value over all samples since the last reset; NaN over none
     */
    public abstract double value();

    /**
     * Whether a larger value is better.
     *
     * @return false for errors and losses
     */
    public abstract boolean isLargerBetter();

    /** Resets the metric. */
    public final void reset() {
        Arrays.fill(state, 0);
        stateReplaced(true);
    }

    /**
     * Called when the state has changed other than by {@link #observe}: a metric that stores more than its state
     * discards it.
     *
     * @param empty whether the state is that of no samples
     */
    protected void stateReplaced(boolean empty) {}

    /**
     * The state.
     *
     * @return a copy, always of the same length, which may be added to that of other workers element by element
     */
    public final double[] state() {
        return state.clone();
    }

    /**
     * Adds the samples that another instance has seen.
     *
     * @param other its {@link #state}
     * @throws IllegalArgumentException if the lengths differ
     */
    public final void merge(double[] other) {
        if (other.length != state.length) {
            throw new IllegalArgumentException(name + ": merge needs a state of " + state.length + " numbers, got "
                    + other.length + "; the other instance has other settings");
        }
        for (int i = 0; i < state.length; i++) {
            state[i] += other[i];
        }
        stateReplaced(false);
    }

    /**
     * Adds to one number of the state.
     *
     * @param index index of the number
     * @param amount the summand
     */
    protected final void add(int index, double amount) {
        state[index] += amount;
    }

    /**
     * One number of the state.
     *
     * @param index index of the number
     * @return its value
     */
    protected final double at(int index) {
        return state[index];
    }

    /** {@return name and value} */
    @Override
    public String toString() {
        return name + "=" + value() + (nanSamples() > 0 ? " (" + nanSamples() + " samples with NaN predictions)" : "");
    }
}
