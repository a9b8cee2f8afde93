package io.kiln.optim;

/**
 * Decays to a final rate along a polynomial: \(\eta_1 + (\eta_0 - \eta_1) (1 - \frac{t-1}{n})^p\) up to step n, then
 * \(\eta_1\).
 *
 * @param rate \(\eta_0\), the rate of the first step
 * @param steps n, the number of steps to the final rate
 * @param power p; 1 for a linear decay
 * @param finalRate \(\eta_1\)
 */
public record PolynomialDecay(double rate, long steps, double power, double finalRate) implements Schedule {
    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public PolynomialDecay {
        Check.atLeastZero("polynomialDecay", "rate", rate);
        Check.positive("polynomialDecay", "steps", steps);
        Check.positive("polynomialDecay", "power", power);
        Check.atLeastZero("polynomialDecay", "finalRate", finalRate);
    }

    /**
     * Creates a quadratic decay to 0.
     *
     * @param rate the rate of the first step
     * @param steps the number of steps to 0
     */
    public PolynomialDecay(double rate, long steps) {
        this(rate, steps, 2, 0);
    }

    @Override
    public double at(long step) {
        double left = 1 - (double) Math.min(step - 1, steps) / steps;
        return finalRate + (rate - finalRate) * Math.pow(left, power);
    }
}
