package io.kiln.optim;

/**
 * Falls to a final rate along a polynomial: \(\eta_1 + (\eta_0 - \eta_1) (1 - \frac{t-1}{n})^p\) up to step n, then
 * \(\eta_1\).
 *
 * @param rate \(\eta_0\), the rate of the first step
 * @param steps n, after how many steps the final rate is reached
 * @param power p; 1 falls along a line
 * @param finalRate \(\eta_1\)
 */
public record PolynomialDecay(double rate, long steps, double power, double finalRate) implements Schedule {
    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException when one is out of range
     */
    public PolynomialDecay {
        Check.atLeastZero("polynomialDecay", "rate", rate);
        Check.positive("polynomialDecay", "steps", steps);
        Check.positive("polynomialDecay", "power", power);
        Check.atLeastZero("polynomialDecay", "finalRate", finalRate);
    }

    /**
     * A parabola to 0.
     *
     * @param rate the rate of the first step
     * @param steps after how many steps 0 is reached
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
