package io.kiln.optim;

import java.util.Arrays;

/**
 * The numbers of an update, step by step, in arrays that stay the same: work that a device {@linkplain
 * io.kiln.backend.Queue#capture captures} reads them again.
 *
 * <p>Concurrency: one thread.
 */
public final class UpdateNumbers {
    private final Optimizer optimizer;
    private Step step;
    private double[] scalars;
    private double[] withoutRatio;
    private double[] direction;

    /**
     * No numbers yet.
     *
     * @param optimizer the optimizer
     */
    public UpdateNumbers(Optimizer optimizer) {
        this.optimizer = optimizer;
    }

    /**
     * Whether nothing but the numbers differs between two updates, so that a captured one can be replayed. Arrays that a
     * {@link CompanionOptimizer} computes beside may depend on the step in other ways.
     *
     * @param optimizer the optimizer
     * @return whether {@link #set} suffices before a replay
     */
    public static boolean suffice(Optimizer optimizer) {
        return !(optimizer instanceof CompanionOptimizer);
    }

    /**
     * Takes the numbers of a step.
     *
     * @param now the step
     * @return this
     */
    public UpdateNumbers set(Step now) {
        step = now;
        scalars = renewed(scalars, optimizer.scalars(now));
        if (optimizer instanceof LayerwiseOptimizer layerwise) {
            direction = renewed(direction, layerwise.directionScalars(now));
            double[] one = Arrays.copyOf(scalars, scalars.length + 1);
            one[scalars.length] = 1;
            withoutRatio = renewed(withoutRatio, one);
        }
        return this;
    }

    private static double[] renewed(double[] before, double... now) {
        if (before == null) {
            return now;
        }
        System.arraycopy(now, 0, before, 0, before.length);
        return before;
    }

    Optimizer optimizer() {
        return optimizer;
    }

    Step step() {
        return step;
    }

    /** The scalars of {@link Optimizer#program}. */
    double[] scalars() {
        return scalars;
    }

    /** The scalars of the program of a {@link LayerwiseOptimizer}, with 1 for the trust ratio. */
    double[] withoutRatio() {
        return withoutRatio;
    }

    /** The scalars of {@link LayerwiseOptimizer#direction}. */
    double[] direction() {
        return direction;
    }
}
