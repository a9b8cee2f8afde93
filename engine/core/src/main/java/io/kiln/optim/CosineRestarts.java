package io.kiln.optim;

/**
 * Decays along half a cosine, repeatedly: within a period of n steps, at its step i from 0,
 * \(\eta_1 + \frac12 (\eta_0 - \eta_1)(1 + \cos(\pi \frac{i}{n}))\). Each period is f times as long as the previous
 * one, and starts with g times its rate. I. Loshchilov, F. Hutter, ICLR 2017.
 *
 * @param rate \(\eta_0\), the rate of the first step
 * @param steps n of the first period
 * @param lengthen f, at least 1; lengths are rounded down
 * @param lower g, in (0, 1]
 * @param finalRate \(\eta_1\)
 */
public record CosineRestarts(double rate, long steps, double lengthen, double lower, double finalRate)
        implements Schedule {
    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public CosineRestarts {
        Check.atLeastZero("cosineRestarts", "rate", rate);
        Check.positive("cosineRestarts", "steps", steps);
        if (!(lengthen >= 1) || Double.isInfinite(lengthen)) {
            throw new IllegalArgumentException("cosineRestarts: lengthen must be finite and >= 1, got " + lengthen);
        }
        Check.factor("cosineRestarts", lower);
        Check.atLeastZero("cosineRestarts", "finalRate", finalRate);
    }

    /**
     * Creates periods that are twice as long as the previous one, from the same rate to 0.
     *
     * @param rate the rate of the first step
     * @param steps length of the first period
     */
    public CosineRestarts(double rate, long steps) {
        this(rate, steps, 2, 1, 0);
    }

    @Override
    public double at(long step) {
        long i = step - 1;
        double length = steps;
        double top = rate;
        if (lengthen == 1) {
            top *= Math.pow(lower, i / steps);
            i %= steps;
        } else {
            while (i >= (long) length) {
                i -= (long) length;
                length *= lengthen;
                top *= lower;
            }
        }
        double done = (double) i / (long) length;
        return finalRate + (top - finalRate) * (1 + Math.cos(Math.PI * done)) / 2;
    }
}
