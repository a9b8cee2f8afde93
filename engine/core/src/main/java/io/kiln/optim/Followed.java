package io.kiln.optim;

/**
 * One schedule for some steps, then another from its beginning: \(a(t)\) up to step n, then \(b(t - n)\). With a
 * {@link ConstantRate} in front it is a constant warm-up.
 *
 * @param first a, the first schedule
 * @param steps n, for how many steps
 * @param then b, the schedule that follows
 */
public record Followed(Schedule first, long steps, Schedule then) implements Schedule {
    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException when one is out of range
     */
    public Followed {
        Check.positive("followed", "steps", steps);
    }

    @Override
    public double at(long step) {
        return step > steps ? then.at(step - steps) : first.at(step);
    }
}
