package io.kiln.optim;

/**
 * Decays by the same factor in every step: \(\max(\eta_0 f^{(t-1)/n}, \eta_{min})\).
 *
 * @param rate \(\eta_0\), the rate of the first step
 * @param steps n, the number of steps in which the rate decays by the factor
 * @param factor f, in (0, 1]
 * @param minimum \(\eta_{min}\), the lowest rate
 */
public record ExponentialDecay(double rate, long steps, double factor, double minimum) implements Schedule {
    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public ExponentialDecay {
        Check.atLeastZero("exponentialDecay", "rate", rate);
        Check.positive("exponentialDecay", "steps", steps);
        Check.factor("exponentialDecay", factor);
        Check.atLeastZero("exponentialDecay", "minimum", minimum);
    }

    /**
     * Creates a decay to 0.
     *
     * @param rate the rate of the first step
     * @param steps the number of steps in which the rate decays by the factor
     * @param factor in (0, 1]
     */
    public ExponentialDecay(double rate, long steps, double factor) {
        this(rate, steps, factor, 0);
    }

    @Override
    public double at(long step) {
        return Math.max(rate * Math.pow(factor, (double) (step - 1) / steps), Math.min(minimum, rate));
    }
}
