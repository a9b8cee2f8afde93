package io.kiln.optim;

/**
 * Multiplies the rate by a factor every n steps: \(\max(\eta_0 f^{\lfloor (t-1)/n \rfloor}, \eta_{min})\).
 *
 * @param rate \(\eta_0\), the rate of the first step
 * @param interval n, the number of steps with the same rate
 * @param factor f, in (0, 1]
 * @param minimum \(\eta_{min}\), the lowest rate
 */
public record StepDecay(double rate, long interval, double factor, double minimum) implements Schedule {
    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public StepDecay {
        Check.atLeastZero("stepDecay", "rate", rate);
        Check.positive("stepDecay", "interval", interval);
        Check.factor("stepDecay", factor);
        Check.atLeastZero("stepDecay", "minimum", minimum);
    }

    /**
     * Creates a decay that stops at 1e-8.
     *
     * @param rate the rate of the first step
     * @param interval the number of steps with the same rate
     * @param factor in (0, 1]
     */
    public StepDecay(double rate, long interval, double factor) {
        this(rate, interval, factor, 1e-8);
    }

    @Override
    public double at(long step) {
        return Math.max(rate * Math.pow(factor, (step - 1) / interval), Math.min(minimum, rate));
    }
}
