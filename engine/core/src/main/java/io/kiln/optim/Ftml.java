package io.kiln.optim;

import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;

/**
 * Follow the moving leader: with \(g' = \mathrm{clip}(r g + \lambda w)\), \(v \leftarrow \beta_2 v + (1 - \beta_2) g'^2\),
 * \(d_t = \frac{1 - \beta_1^t}{\eta} (\sqrt{v / (1 - \beta_2^t)} + \epsilon)\), \(\sigma = d_t - \beta_1 d_{t-1}\), \(z
 * \leftarrow \beta_1 z + (1 - \beta_1) g' - \sigma w\), \(w \leftarrow -z / d_t\). S. Zheng, J. Kwok, ICML 2017. A learning
 * rate of 0 counts as 1e-30.
 *
 * @param beta1 \(\beta_1\), in [0, 1)
 * @param beta2 \(\beta_2\), in [0, 1)
 * @param epsilon \(\epsilon\), above 0
 */
public record Ftml(double beta1, double beta2, double epsilon) implements Optimizer {
    private static final PointwiseProgram PROGRAM = update();

    private static PointwiseProgram update() {
        Expr g = Formula.decayedInsideClip();
        Expr v = Formula.average(2, Formula.S1, g.mul(g));
        Expr d = v.sqrt().mul(Formula.own(4)).add(Formula.own(5));
        Expr sigma = d.sub(Formula.own(0).mul(Formula.S0));
        Expr z = Formula.average(0, Formula.S2, g).sub(sigma.mul(Formula.W));
        return PointwiseProgram.of(z.neg().div(d), d, v, z);
    }

    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public Ftml {
        Check.moments("ftml", beta1, beta2, epsilon);
    }

    /** Uses the default attributes: {@code beta1 = 0.6, beta2 = 0.999, epsilon = 1e-8}. */
    public Ftml() {
        this(0.6, 0.999, 1e-8);
    }

    @Override
    public double defaultLearningRate() {
        return 0.0025;
    }

    @Override
    public int stateCount() {
        return 3;
    }

    @Override
    public PointwiseProgram program() {
        return PROGRAM;
    }

    @Override
    public double[] scalars(Step step) {
        double scale = (1 - Math.pow(beta1, step.number())) / Math.max(step.learningRate(), 1e-30);
        double root = scale / Math.sqrt(1 - Math.pow(beta2, step.number()));
        return Formula.scalars(step, beta1, 1 - beta1, beta2, 1 - beta2, root, scale * epsilon);
    }
}
