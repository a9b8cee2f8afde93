package io.kiln.metric;

import io.kiln.ndarray.NDArray;
import java.util.Arrays;

/**
 * A figure over all samples seen since the last reset. Its whole state is an array of doubles of fixed length; the state of
 * several workers' samples together is the {@linkplain #merge sum} of theirs.
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
     * @param stateLength length of its state
     */
    protected Metric(String name, int stateLength) {
        this.name = name;
        this.state = new double[stateLength];
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
    public abstract void update(NDArray predictions, NDArray labels);

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
    }

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
        return name + "=" + value();
    }
}
