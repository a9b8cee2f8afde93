package io.kiln.optim;

/**
 * Decays to a final rate along half a cosine: \(\eta_1 + \frac12 (\eta_0 - \eta_1)(1 + \cos(\pi \frac{t-1}{n}))\) up to
 * step n, then \(\eta_1\). I. Loshchilov, F. Hutter, ICLR 2017, without restarts.
 *
 * @param rate \(\eta_0\), the rate of the first step
 * @param steps n, the number of steps to the final rate
 * @param finalRate \(\eta_1\)
 */
public record CosineDecay(double rate, long steps, double finalRate) implements Schedule {
    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public CosineDecay {
        Check.atLeastZero("cosineDecay", "rate", rate);
        Check.positive("cosineDecay", "steps", steps);
        Check.atLeastZero("cosineDecay", "finalRate", finalRate);
    }

    /**
     * Creates a decay to 0.
     *
     * @param rate the rate of the first step
     * @param steps the number of steps to 0
     */
    public CosineDecay(double rate, long steps) {
        this(rate, steps, 0);
    }

    @Override
    public double at(long step) {
        double done = (double) Math.min(step - 1, steps) / steps;
        return finalRate + (rate - finalRate) * (1 + Math.cos(Math.PI * done)) / 2;
    }
}
