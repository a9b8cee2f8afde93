package io.kiln.optim;

import io.kiln.ndarray.NDArray;
import io.kiln.op.random.RandomOps;
import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;

/**
 * Stochastic gradient Langevin dynamics, which draws from the posterior of the weights:
 * \(w \leftarrow w - \frac\eta2 (\mathrm{clip}(r g) + \lambda w) + \sqrt\eta\, n\) with n drawn from \(N(0, T)\) by the random
 * generator of the thread that updates. M. Welling, Y. Teh, ICML 2011, where T = 1.
 *
 * @param temperature T, variance of the noise, at least 0
 */
public record Sgld(double temperature) implements CompanionOptimizer {
    private static final PointwiseProgram PROGRAM = update();

    private static PointwiseProgram update() {
        Expr drift = Formula.LR.mul(0.5).mul(Formula.decayedOutsideClip());
        return PointwiseProgram.of(Formula.W.sub(drift).add(Formula.own(0).mul(Formula.S0)));
    }

    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public Sgld {
        Check.atLeastZero("sgld", "temperature", temperature);
    }

    /** Uses the default attributes: {@code temperature = 1}. */
    public Sgld() {
        this(1);
    }

    @Override
    public double defaultLearningRate() {
        return 0.01;
    }

    @Override
    public int stateCount() {
        return 0;
    }

    @Override
    public PointwiseProgram program() {
        return PROGRAM;
    }

    @Override
    public double[] scalars(Step step) {
        return Formula.scalars(step, Math.sqrt(step.learningRate() * temperature));
    }

    @Override
    public NDArray[] companions(Step step, NDArray weight, NDArray gradient, NDArray... states) {
        return new NDArray[] {RandomOps.normalLike(weight, 0, 1)};
    }
}
