package io.kiln.optim;

import java.util.List;

/**
 * Multiplies the rate by a factor after each of some steps: \(\eta_0 f^k\) where k counts the milestones below t.
 *
 * @param rate \(\eta_0\), the rate of the first step
 * @param milestones the last step of each stretch with the same rate, ascending
 * @param factor f, in (0, 1]
 */
public record MultiStepDecay(double rate, List<Long> milestones, double factor) implements Schedule {
    /**
     * Checks the attributes and makes the list unmodifiable.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public MultiStepDecay {
        milestones = List.copyOf(milestones);
        Check.atLeastZero("multiStepDecay", "rate", rate);
        Check.factor("multiStepDecay", factor);
        for (int i = 0; i < milestones.size(); i++) {
            if (milestones.get(i) <= (i == 0 ? 0 : milestones.get(i - 1))) {
                throw new IllegalArgumentException(
                        "multiStepDecay: milestones must ascend from 1 or later, got " + milestones);
            }
        }
    }

    @Override
    public double at(long step) {
        return rate * Math.pow(factor, milestones.stream().filter(m -> step > m).count());
    }
}
