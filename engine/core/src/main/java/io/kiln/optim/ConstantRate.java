package io.kiln.optim;

/**
 * The same learning rate in every step.
 *
 * @param rate the learning rate
 */
public record ConstantRate(double rate) implements Schedule {
    /**
     * Checks the rate.
     *
     * @throws IllegalArgumentException if it is negative or not finite
     */
    public ConstantRate {
        Check.atLeastZero("constantRate", "rate", rate);
    }

    @Override
    public double at(long step) {
        return rate;
    }
}
