package io.kiln.optim;

import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;

/**
 * Adam: with \(g' = \mathrm{clip}(r g + \lambda w)\), \(m \leftarrow \beta_1 m + (1 - \beta_1) g'\),
 * \(v \leftarrow \beta_2 v + (1 - \beta_2) g'^2\), and the weight as in {@link BiasCorrection}. Weight decay is part of
 * the gradient; {@link AdamW} decouples it. D. Kingma, J. Ba, ICLR 2015. As in MXNet weight decay is clipped along with
 * the gradient. PyTorch uses the exact bias correction, MXNet the efficient one.
 *
 * @param beta1 \(\beta_1\), in [0, 1)
 * @param beta2 \(\beta_2\), in [0, 1)
 * @param epsilon \(\epsilon\), above 0
 * @param biasCorrection the form of bias correction
 */
public record Adam(double beta1, double beta2, double epsilon, BiasCorrection biasCorrection) implements Optimizer {
    private static final PointwiseProgram PROGRAM = update();

    private static PointwiseProgram update() {
        Expr g = Formula.decayedInsideClip();
        Expr m = Formula.average(0, Formula.S0, g);
        Expr v = Formula.average(2, Formula.S1, g.mul(g));
        Expr denominator = v.sqrt().mul(Formula.own(4)).add(Formula.own(5));
        return PointwiseProgram.of(Formula.W.sub(Formula.LR.mul(m).div(denominator)), m, v);
    }

    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public Adam {
        Check.moments("adam", beta1, beta2, epsilon);
    }

    /**
     * Uses the default attributes: {@code beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, biasCorrection =
     * BiasCorrection.EXACT}.
     */
    public Adam() {
        this(0.9, 0.999, 1e-8, BiasCorrection.EXACT);
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
    public boolean updatesLazily() {
        return true;
    }

    @Override
    public PointwiseProgram program() {
        return PROGRAM;
    }

    @Override
    public double[] scalars(Step step) {
        double first = 1 - Math.pow(beta1, step.number());
        double second = Math.sqrt(1 - Math.pow(beta2, step.number()));
        boolean exact = biasCorrection == BiasCorrection.EXACT;
        double rate = step.learningRate() / first * (exact ? 1 : second);
        return Formula.scalarsAtRate(step, rate, beta1, 1 - beta1, beta2, 1 - beta2, exact ? 1 / second : 1, epsilon);
    }
}
