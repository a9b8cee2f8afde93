package io.kiln.optim;

import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;

/**
 * Descent by the sign of the momentum: \(s \leftarrow m s + (1 - m)(\mathrm{clip}(r g) + \lambda w)\),
 * \(w \leftarrow (1 - \eta \lambda_h) w - \eta\, \mathrm{sign}(s)\). J. Bernstein et al., signSGD, ICML 2018.
 *
 * @param momentum m, in [0, 1); with 0 this is signSGD
 * @param decoupledDecay \(\lambda_h\), weight decay outside the sign
 */
public record Signum(double momentum, double decoupledDecay) implements Optimizer {
    private static final PointwiseProgram PROGRAM = update();

    private static PointwiseProgram update() {
        Expr s = Formula.average(0, Formula.S0, Formula.decayedOutsideClip());
        return PointwiseProgram.of(Formula.own(2).mul(Formula.W).sub(Formula.LR.mul(s.sign())), s);
    }

    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public Signum {
        Check.fraction("signum", "momentum", momentum);
        Check.atLeastZero("signum", "decoupledDecay", decoupledDecay);
    }

    /** Uses the default attributes: {@code momentum = 0.9, decoupledDecay = 0}. */
    public Signum() {
        this(0.9, 0);
    }

    @Override
    public double defaultLearningRate() {
        return 0.01;
    }

    @Override
    public int stateCount() {
        return 1;
    }

    @Override
    public PointwiseProgram program() {
        return PROGRAM;
    }

    @Override
    public double[] scalars(Step step) {
        return Formula.scalars(step, momentum, 1 - momentum, 1 - step.learningRate() * decoupledDecay);
    }
}
