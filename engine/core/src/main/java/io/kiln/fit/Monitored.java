package io.kiln.fit;

import java.util.OptionalDouble;

/**
 * A value of each epoch that a handler compares.
 *
 * @param name its name among {@link FitProgress#values()}
 * @param largerIsBetter whether larger values are better
 */
public record Monitored(String name, boolean largerIsBetter) {
    /**
     * A value to minimize, such as a loss.
     *
     * @param name its name
     * @return the monitored value
     */
    public static Monitored smallest(String name) {
        return new Monitored(name, false);
    }

    /**
     * A value to maximize, such as an accuracy.
     *
     * @param name its name
     * @return the monitored value
     */
    public static Monitored largest(String name) {
        return new Monitored(name, true);
    }

    /** The value of the epoch; empty if only earlier epochs have it, as with a validation only every few epochs. */
    OptionalDouble in(FitProgress progress) {
        Double value = progress.values().get(name);
        if (value == null && progress.history().stream().anyMatch(e -> e.containsKey(name))) {
            return OptionalDouble.empty();
        }
        if (value == null) {
            throw new IllegalArgumentException("fit: the epoch has no value " + name + ", only "
                    + progress.values().keySet() + "; add the handler after the one that measures it");
        }
        return OptionalDouble.of(value);
    }

    /** Whether a value is better than the best so far by more than a difference; any number is better than NaN. */
    boolean isBetter(double value, double best, double difference) {
        return !Double.isNaN(value)
                && (Double.isNaN(best) || (largerIsBetter ? value - difference > best : value + difference < best));
    }
}
