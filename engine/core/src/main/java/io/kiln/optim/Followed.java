package io.kiln.optim;

/**
 * One schedule for some steps, then another from its start: \(a(t)\) up to step n, then \(b(t - n)\). With a
 * {@link ConstantRate} first, it is a constant warm-up.
 *
 * @param first a, the first schedule
 * @param steps n, the number of its steps
 * @param then b, the schedule that follows
 */
public record Followed(Schedule first, long steps, Schedule then) implements Schedule {
    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public Followed {
        Check.positive("followed", "steps", steps);
    }

    @Override
    public double at(long step) {
        return step > steps ? then.at(step - steps) : first.at(step);
    }
}
