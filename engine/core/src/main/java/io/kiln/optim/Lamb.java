package io.kiln.optim;

import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;

/**
 * Adam with a trust ratio per parameter: with \(g' = \mathrm{clip}(r g)\), m and v as in {@link Adam},
 * \(d = \hat m / (\sqrt{\hat v} + \epsilon) + \lambda w\), \(\tau = \phi(\|w\|) / \|d\|\),
 * \(w \leftarrow w - \eta \tau d\), where \(\phi\) bounds the norm from both sides. Y. You et al., ICLR 2020.
 *
 * @param beta1 \(\beta_1\), in [0, 1)
 * @param beta2 \(\beta_2\), in [0, 1)
 * @param epsilon \(\epsilon\), above 0
 * @param lowerBound least norm of a weight that counts, 0 for no bound
 * @param upperBound largest norm of a weight that counts, infinite for no bound
 */
public record Lamb(double beta1, double beta2, double epsilon, double lowerBound, double upperBound)
        implements LayerwiseOptimizer {
    private static final PointwiseProgram DIRECTION = direct();
    private static final PointwiseProgram PROGRAM =
            PointwiseProgram.of(Formula.W.sub(Formula.LR.mul(Formula.own(0)).mul(Formula.G)));

    private static PointwiseProgram direct() {
        Expr g = Formula.gradient();
        Expr m = Formula.average(0, Formula.S0, g);
        Expr v = Formula.average(2, Formula.S1, g.mul(g));
        Expr denominator = v.sqrt().mul(Formula.own(4)).add(Formula.own(5));
        return PointwiseProgram.of(Formula.own(6).mul(m).div(denominator).add(Formula.WD.mul(Formula.W)), m, v);
    }

    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException when one is out of range
     */
    public Lamb {
        Check.moments("lamb", beta1, beta2, epsilon);
        Check.atLeastZero("lamb", "lowerBound", lowerBound);
        Check.positive("lamb", "upperBound", upperBound);
    }

    /** The customary attributes: {@code beta1 = 0.9, beta2 = 0.999, epsilon = 1e-6, lowerBound = 0, upperBound = Double.POSITIVE_INFINITY}. */
    public Lamb() {
        this(0.9, 0.999, 1e-6, 0, Double.POSITIVE_INFINITY);
    }

    @Override
    public double defaultLearningRate() {
        return 0.001;
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
        return Formula.scalars(step);
    }

    @Override
    public PointwiseProgram direction() {
        return DIRECTION;
    }

    @Override
    public double[] directionScalars(Step step) {
        double first = 1 / (1 - Math.pow(beta1, step.number()));
        double second = 1 / Math.sqrt(1 - Math.pow(beta2, step.number()));
        return Formula.scalars(step, beta1, 1 - beta1, beta2, 1 - beta2, second, epsilon, first);
    }

    @Override
    public Scalar trustRatio(Step step, Scalar weightNorm, Scalar directionNorm) {
        Scalar bounded = Scalar.of(lowerBound).max(weightNorm.min(Scalar.of(upperBound)));
        return bounded.div(directionNorm).unlessZero(weightNorm, 1).unlessZero(directionNorm, 1);
    }
}
