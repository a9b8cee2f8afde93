package io.kiln.optim;

/**
 * Rises linearly from an initial rate to the first rate of another schedule, then follows that:
 * \(\eta_b + (\eta(1) - \eta_b) \frac{t-1}{n}\) up to step n, then \(\eta(t - n)\).
 *
 * @param steps n, the number of steps of the rise
 * @param begin \(\eta_b\), the rate of the first step
 * @param then the schedule that follows
 */
public record WarmUp(long steps, double begin, Schedule then) implements Schedule {
    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public WarmUp {
        Check.positive("warmUp", "steps", steps);
        Check.atLeastZero("warmUp", "begin", begin);
    }

    @Override
    public double at(long step) {
        return step > steps ? then.at(step - steps) : begin + (then.at(1) - begin) * (step - 1) / steps;
    }
}
