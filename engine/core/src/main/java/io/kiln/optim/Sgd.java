package io.kiln.optim;

import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;

/**
 * Stochastic gradient descent with momentum: \(s \leftarrow m s + \eta (\mathrm{clip}(r g) + \lambda w)\),
 * \(w \leftarrow w - s\); without momentum there is no state. B. Polyak, 1964. As in MXNet the learning rate is part of
 * the state; in PyTorch it is not, so the two differ for some steps after each change of the rate.
 *
 * @param momentum m, in [0, 1)
 */
public record Sgd(double momentum) implements Optimizer {
    private static final PointwiseProgram PLAIN =
            PointwiseProgram.of(Formula.W.sub(Formula.LR.mul(Formula.decayedOutsideClip())));
    private static final PointwiseProgram WITH_MOMENTUM = withMomentum();

    private static PointwiseProgram withMomentum() {
        Expr s = Formula.own(0).mul(Formula.S0).add(Formula.LR.mul(Formula.decayedOutsideClip()));
        return PointwiseProgram.of(Formula.W.sub(s), s);
    }

    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public Sgd {
        Check.fraction("sgd", "momentum", momentum);
    }

    /** Uses the default attributes: {@code momentum = 0}. */
    public Sgd() {
        this(0);
    }

    @Override
    public double defaultLearningRate() {
        return 0.01;
    }

    @Override
    public int stateCount() {
        return momentum == 0 ? 0 : 1;
    }

    @Override
    public boolean updatesLazily() {
        return true;
    }

    @Override
    public PointwiseProgram program() {
        return momentum == 0 ? PLAIN : WITH_MOMENTUM;
    }

    @Override
    public double[] scalars(Step step) {
        return momentum == 0 ? Formula.scalars(step) : Formula.scalars(step, momentum);
    }
}
