package io.kiln.metric;

import io.kiln.ndarray.NDArray;
import java.util.Arrays;

/**
 * A figure over all samples seen since the last reset. Its whole state is an array of doubles of fixed length; the state of
 * several workers' samples together is the {@linkplain #merge sum} of theirs. Samples with a NaN among their predictions are
 * {@linkplain #nanSamples counted}, and never hits.
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
     * @param name its name, for people
     * @param stateLength length of its state; the number of samples with NaN follows it
     */
    protected Metric(String name, int stateLength) {
        this.name = name;
        this.state = new double[Math.addExact(stateLength, 1)];
    }

    /**
     * The name.
     *
     * @return a name for people, such as {@code accuracy}
     */
    public final String name() {
        return name;
    }

    /**
     * Takes samples in.
     *
     * @param predictions what the network says, [N,…]
     * @param labels what is true, [N] or [N,…]
     * @throws io.kiln.ndarray.ShapeException when the shapes do not fit each other
     */
    public final void update(NDArray predictions, NDArray labels) {
        update(predictions, labels, null);
    }

    /**
     * Takes samples in that count differently. What has weight 0 is left out, whatever its label is: so padding is masked.
     *
     * @param predictions what the network says, [N,…]
     * @param labels what is true, [N] or [N,…]
     * @param weights weights, at least 0, per sample, [N] or [N,1], or per label: with the leading axes of the labels, each equal
     *     or 1; null when all count 1
     * @throws io.kiln.ndarray.ShapeException when the shapes do not fit each other
     */
    public final void update(NDArray predictions, NDArray labels, NDArray weights) {
        observe(predictions, labels, weights);
        state[state.length - 1] += Samples.withNan(predictions, weights);
    }

    /**
     * Takes samples in. A prediction that holds a NaN is never a hit: where the figure counts hits it is a miss, where it is a mean
     * of errors the mean is NaN.
     *
     * @param predictions what the network says, [N,…]
     * @param labels what is true, [N] or [N,…]
     * @param weights what samples or labels count; null when all count 1
     * @see #perLabel
     */
    protected abstract void observe(NDArray predictions, NDArray labels, NDArray weights);

    /**
     * What each label counts.
     *
     * @param weights weights given to {@link #observe}, or null
     * @param labels the labels
     * @return one weight per label, row-major
     */
    protected final double[] perLabel(NDArray weights, NDArray labels) {
        return Samples.perLabel(name, weights, labels.shape());
    }

    /**
     * How many samples had a NaN among their predictions; they are never hits.
     *
     * @return number of samples, along axis 0 of the predictions, since the last reset
     */
    public final long nanSamples() {
        return (long) state[state.length - 1];
    }

    /**
     * The figure.
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

    /** Forgets all samples. */
    public final void reset() {
        Arrays.fill(state, 0);
        stateReplaced(true);
    }

    /**
     * The state has changed otherwise than by {@link #observe}: a metric that knows more than its state forgets it.
     *
     * @param empty whether the state is that of no samples
     */
    protected void stateReplaced(boolean empty) {}

    /**
     * The state.
     *
     * @return a copy, always of the same length, which may be summed with that of other workers element by element
     */
    public final double[] state() {
        return state.clone();
    }

    /**
     * Takes the samples in that another instance has seen.
     *
     * @param other its {@link #state}
     * @throws IllegalArgumentException when the lengths differ
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
     * @param index which number
     * @param amount what is added
     */
    protected final void add(int index, double amount) {
        state[index] += amount;
    }

    /**
     * One number of the state.
     *
     * @param index which number
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
