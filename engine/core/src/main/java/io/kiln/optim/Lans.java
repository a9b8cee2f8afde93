package io.kiln.optim;

import io.kiln.ndarray.NDArray;
import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;

/**
 * Lamb with a normalised gradient and Nesterov momentum: with \(g' = \mathrm{clip}(r g)\), \(\tilde g = g' / \|g'\|\), m
 * and v as in {@link Adam} of \(\tilde g\), \(a = \hat m / (\sqrt{\hat v} + \epsilon) + \lambda w\), \(b = \tilde g /
 * (\sqrt{\hat v} + \epsilon) + \lambda w\), \(w \leftarrow w - \eta \|w\| (\beta_1 a / \|a\| + (1 - \beta_1) b / \|b\|)\);
 * a ratio with a norm of 0, and that of a bias, is 1. S. Zheng et al., arXiv:2006.13484.
 *
 * @param beta1 \(\beta_1\), in [0, 1)
 * @param beta2 \(\beta_2\), in [0, 1)
 * @param epsilon \(\epsilon\), above 0
 */
public record Lans(double beta1, double beta2, double epsilon) implements CompanionOptimizer {
    private static final PointwiseProgram PROGRAM = update();

    private static PointwiseProgram update() {
        Expr g = Formula.S2;
        Expr m = Formula.average(0, Formula.S0, g);
        Expr v = Formula.average(2, Formula.S1, g.mul(g));
        return PointwiseProgram.of(Formula.W.sub(Formula.LR.mul(Formula.S3)), m, v);
    }

    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException when one is out of range
     */
    public Lans {
        Check.moments("lans", beta1, beta2, epsilon);
    }

    /** The customary attributes: {@code beta1 = 0.9, beta2 = 0.999, epsilon = 1e-6}. */
    public Lans() {
        this(0.9, 0.999, 1e-6);
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
        return Formula.scalars(step, beta1, 1 - beta1, beta2, 1 - beta2);
    }

    @Override
    public NDArray[] companions(Step step, NDArray weight, NDArray gradient, NDArray... states) {
        NDArray g = gradient.mul(step.rescale()).clip(-step.clip(), step.clip());
        g = times(g, inverse(norm(g)));
        double first = 1 - Math.pow(beta1, step.number());
        double second = 1 - Math.pow(beta2, step.number());
        NDArray m = states[0].mul(beta1).add(g.mul(1 - beta1)).mul(1 / first);
        NDArray v = states[1].mul(beta2).add(g.square().mul(1 - beta2)).mul(1 / second);
        NDArray scale = v.sqrt().add(epsilon);
        NDArray decay = weight.mul(step.weightDecay());
        NDArray a = m.div(scale).add(decay);
        NDArray b = g.div(scale).add(decay);
        Scalar size = step.layerwise() ? norm(weight) : Scalar.of(0);
        Scalar share = Scalar.of(beta1).mul(ratio(size, norm(a)));
        Scalar rest = Scalar.of(1 - beta1).mul(ratio(size, norm(b)));
        return new NDArray[] {g, times(a, share).add(times(b, rest))};
    }

    private static Scalar ratio(Scalar weightNorm, Scalar directionNorm) {
        return weightNorm.div(directionNorm).unlessZero(weightNorm, 1).unlessZero(directionNorm, 1);
    }

    private static Scalar inverse(Scalar norm) {
        return Scalar.of(1).div(norm).unlessZero(norm, 0);
    }

    private static Scalar norm(NDArray x) {
        return Scalar.sumOfSquares(x).sqrt();
    }

    private static NDArray times(NDArray x, Scalar factor) {
        return factor.isKnown() ? x.mul(factor.value()) : x.mul(factor.array(x.dtype(), x.shape()));
    }

    @Override
    public Reach reach() {
        return Reach.PARAMETER;
    }
}
