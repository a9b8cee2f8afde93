package io.kiln.fit;

import java.util.OptionalDouble;

/**
 * A value of each epoch by which a handler judges.
 *
 * @param name its name among {@link FitProgress#values()}
 * @param largerIsBetter whether it should grow
 */
public record Monitored(String name, boolean largerIsBetter) {
    /**
     * A value that should fall, such as a loss.
     *
     * @param name its name
     * @return what to look at
     */
    public static Monitored smallest(String name) {
        return new Monitored(name, false);
    }

    /**
     * A value that should grow, such as an accuracy.
     *
     * @param name its name
     * @return what to look at
     */
    public static Monitored largest(String name) {
        return new Monitored(name, true);
    }

    /** The value of the epoch; empty when only earlier ones have it, as with a validation every so many epochs. */
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
