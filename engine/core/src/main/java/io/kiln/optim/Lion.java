package io.kiln.optim;

import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;

/**
 * Descent by the sign of an interpolated momentum: with \(g' = \mathrm{clip}(r g)\),
 * \(w \leftarrow w - \eta (\mathrm{sign}(\beta_1 m + (1 - \beta_1) g') + \lambda w)\),
 * \(m \leftarrow \beta_2 m + (1 - \beta_2) g'\). X. Chen et al., NeurIPS 2023.
 *
 * @param beta1 \(\beta_1\), in [0, 1)
 * @param beta2 \(\beta_2\), in [0, 1)
 */
public record Lion(double beta1, double beta2) implements Optimizer {
    private static final PointwiseProgram PROGRAM = update();

    private static PointwiseProgram update() {
        Expr g = Formula.gradient();
        Expr direction = Formula.average(0, Formula.S0, g).sign();
        Expr w = Formula.W.mul(Formula.own(4)).sub(Formula.LR.mul(direction));
        return PointwiseProgram.of(w, Formula.average(2, Formula.S0, g));
    }

    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public Lion {
        Check.fraction("lion", "beta1", beta1);
        Check.fraction("lion", "beta2", beta2);
    }

    /** Uses the default attributes: {@code beta1 = 0.9, beta2 = 0.99}. */
    public Lion() {
        this(0.9, 0.99);
    }

    @Override
    public double defaultLearningRate() {
        return 1e-4;
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
        double keep = 1 - step.learningRate() * step.weightDecay();
        return Formula.scalars(step, beta1, 1 - beta1, beta2, 1 - beta2, keep);
    }
}
