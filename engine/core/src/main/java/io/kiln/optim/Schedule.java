package io.kiln.optim;

/**
 * The learning rate as a function of the number of updates. Implementations are records in this package: their components
 * are written to JSON.
 *
 * <p>Implementations are immutable and thread-safe.
 */
public interface Schedule {
    /**
     * The name used in JSON: the class name with a lower-case first letter.
     *
     * @return the name
     */
    default String name() {
        String s = getClass().getSimpleName();
        return Character.toLowerCase(s.charAt(0)) + s.substring(1);
    }

    /**
     * The learning rate.
     *
     * @param step number of the update, from 1
     * @return the rate, at least 0
     */
    double at(long step);
}
