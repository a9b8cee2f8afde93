package io.kiln.optim;

import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;

/**
 * Delay-compensated gradient descent: with \(g' = \mathrm{clip}(r g)\) and u the weight before the last update,
 * \(s \leftarrow m s + \eta (g' + \lambda w + c\, g'^2 (w - u))\), \(u \leftarrow w\), \(w \leftarrow w - s\); in the
 * first update u = w. S. Zheng et al., ICML 2017.
 *
 * @param momentum m, in [0, 1)
 * @param compensation c, at least 0
 */
public record Dcasgd(double momentum, double compensation) implements Optimizer {
    private static final PointwiseProgram PROGRAM = update();

    private static PointwiseProgram update() {
        Expr g = Formula.decayedOutsideClip();
        Expr plain = Formula.gradient();
        Expr before = Formula.own(2).select(Formula.W, Formula.S1);
        Expr drift = Formula.own(1).mul(plain).mul(plain).mul(Formula.W.sub(before));
        Expr s = Formula.own(0).mul(Formula.S0).add(Formula.LR.mul(g.add(drift)));
        return PointwiseProgram.of(Formula.W.sub(s), s, Formula.W);
    }

    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public Dcasgd {
        Check.fraction("dcasgd", "momentum", momentum);
        Check.atLeastZero("dcasgd", "compensation", compensation);
    }

    /** Uses the default attributes: {@code momentum = 0, compensation = 0.04}. */
    public Dcasgd() {
        this(0, 0.04);
    }

    @Override
    public double defaultLearningRate() {
        return 0.01;
    }

    @Override
    public int stateCount() {
        return 2;
    }

    @Override
    public PointwiseProgram program() {
        return PROGRAM;
    }

    @Override
    public double[] scalars(Step step) {
        return Formula.scalars(step, momentum, compensation, step.number() == 1 ? 1 : 0);
    }
}
