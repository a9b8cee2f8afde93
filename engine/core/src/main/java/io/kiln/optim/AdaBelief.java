package io.kiln.optim;

import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;

/**
 * Adam that divides by the deviation of gradients from their moving average: with \(g' = \mathrm{clip}(r g)\),
 * \(m \leftarrow \beta_1 m + (1 - \beta_1) g'\), \(s \leftarrow \beta_2 s + (1 - \beta_2)(g' - m)^2 + \epsilon\), \(w
 * \leftarrow w - \eta (\hat m / (\sqrt{\hat s} + \epsilon) + \lambda w)\). J. Zhuang et al., NeurIPS 2020.
 *
 * @param beta1 \(\beta_1\), in [0, 1)
 * @param beta2 \(\beta_2\), in [0, 1)
 * @param epsilon \(\epsilon\), above 0
 */
public record AdaBelief(double beta1, double beta2, double epsilon) implements Optimizer {
    private static final PointwiseProgram PROGRAM = update();

    private static PointwiseProgram update() {
        Expr g = Formula.gradient();
        Expr m = Formula.average(0, Formula.S0, g);
        Expr error = g.sub(m);
        Expr s = Formula.average(2, Formula.S1, error.mul(error)).add(Formula.own(5));
        Expr denominator = s.sqrt().mul(Formula.own(4)).add(Formula.own(5));
        Expr w = Formula.W.mul(Formula.own(6)).sub(Formula.LR.mul(m).div(denominator));
        return PointwiseProgram.of(w, m, s);
    }

    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public AdaBelief {
        Check.moments("adaBelief", beta1, beta2, epsilon);
    }

    /** Uses the default attributes: {@code beta1 = 0.9, beta2 = 0.999, epsilon = 1e-16}. */
    public AdaBelief() {
        this(0.9, 0.999, 1e-16);
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
        double first = 1 - Math.pow(beta1, step.number());
        double second = Math.sqrt(1 - Math.pow(beta2, step.number()));
        double keep = 1 - step.learningRate() * step.weightDecay();
        double rate = step.learningRate() / first;
        return Formula.scalarsAtRate(step, rate, beta1, 1 - beta1, beta2, 1 - beta2, 1 / second, epsilon, keep);
    }
}
