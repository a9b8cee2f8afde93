package io.kiln.optim;

import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;

/**
 * Adam in the infinity norm: with \(g' = \mathrm{clip}(r g + \lambda w)\),
 * \(m \leftarrow \beta_1 m + (1 - \beta_1) g'\), \(u \leftarrow \max(\beta_2 u, |g'| + \epsilon)\),
 * \(w \leftarrow w - \frac{\eta}{1 - \beta_1^t} m / u\). D. Kingma, J. Ba, ICLR 2015, section 7.1; epsilon avoids 0/0
 * for parameters without gradient.
 *
 * @param beta1 \(\beta_1\), in [0, 1)
 * @param beta2 \(\beta_2\), in [0, 1)
 * @param epsilon \(\epsilon\), above 0
 */
public record Adamax(double beta1, double beta2, double epsilon) implements Optimizer {
    private static final PointwiseProgram PROGRAM = update();

    private static PointwiseProgram update() {
        Expr g = Formula.decayedInsideClip();
        Expr m = Formula.average(0, Formula.S0, g);
        Expr u = Formula.own(2).mul(Formula.S1).max(g.abs().add(Formula.own(3)));
        return PointwiseProgram.of(Formula.W.sub(Formula.LR.mul(m).div(u)), m, u);
    }

    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public Adamax {
        Check.moments("adamax", beta1, beta2, epsilon);
    }

    /** Uses the default attributes: {@code beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8}. */
    public Adamax() {
        this(0.9, 0.999, 1e-8);
    }

    @Override
    public double defaultLearningRate() {
        return 0.002;
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
        double rate = step.learningRate() / (1 - Math.pow(beta1, step.number()));
        return Formula.scalarsAtRate(step, rate, beta1, 1 - beta1, beta2, epsilon);
    }
}
