package io.kiln.data;

/**
 * Data with a label.
 *
 * @param <T> the data
 * @param data the data
 * @param label a class, from 0, or a number
 */
public record Labeled<T>(T data, double label) {
    /**
     * Returns other data with this label.
     *
     * @param <U> the data
     * @param newData the data
     * @return a new sample
     */
    public <U> Labeled<U> with(U newData) {
        return new Labeled<>(newData, label);
    }
}
