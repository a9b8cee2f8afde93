package io.kiln.optim;

import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;

/**
 * Layer-wise adaptive rate scaling: with \(g' = \mathrm{clip}(r g)\) and
 * \(\tau = \theta \|w\| / (\|g'\| + \lambda \|w\| + \epsilon)\),
 * \(s \leftarrow m s + \eta \tau (g' + \lambda w)\), \(w \leftarrow w - s\). Y. You et al., arXiv:1708.03888.
 *
 * @param momentum m, in [0, 1)
 * @param trust \(\theta\), the trust coefficient
 * @param epsilon \(\epsilon\), above 0
 */
public record Lars(double momentum, double trust, double epsilon) implements LayerwiseOptimizer {
    private static final PointwiseProgram DIRECTION = PointwiseProgram.of(Formula.gradient());
    private static final PointwiseProgram PROGRAM = update();

    private static PointwiseProgram update() {
        Expr d = Formula.G.add(Formula.WD.mul(Formula.W));
        Expr s = Formula.own(0)
                .mul(Formula.S0)
                .add(Formula.LR.mul(Formula.own(1)).mul(d));
        return PointwiseProgram.of(Formula.W.sub(s), s);
    }

    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException when one is out of range
     */
    public Lars {
        Check.fraction("lars", "momentum", momentum);
        Check.positive("lars", "trust", trust);
        Check.positive("lars", "epsilon", epsilon);
    }

    /** The customary attributes: {@code momentum = 0.9, trust = 0.001, epsilon = 1e-8}. */
    public Lars() {
        this(0.9, 0.001, 1e-8);
    }

    @Override
    public double defaultLearningRate() {
        return 0.1;
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
        return Formula.scalars(step, momentum);
    }

    @Override
    public PointwiseProgram direction() {
        return DIRECTION;
    }

    @Override
    public double[] directionScalars(Step step) {
        return Formula.scalars(step);
    }

    @Override
    public Scalar trustRatio(Step step, Scalar weightNorm, Scalar directionNorm) {
        Scalar decay = Scalar.of(step.weightDecay()).mul(weightNorm);
        Scalar ratio =
                Scalar.of(trust).mul(weightNorm).div(directionNorm.add(decay).add(Scalar.of(epsilon)));
        return ratio.unlessZero(weightNorm, 1).unlessZero(directionNorm, 1);
    }
}
