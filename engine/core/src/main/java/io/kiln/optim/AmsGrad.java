package io.kiln.optim;

import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;

/**
 * Adam that divides by the largest second moment so far: with \(g' = \mathrm{clip}(r g + \lambda w)\), m and v as in {@link
 * Adam}, \(u \leftarrow \max(u, \hat v)\), \(w \leftarrow w - \eta\, \hat m / (\sqrt u + \epsilon)\). S. Reddi et al., ICLR
 * 2018, with the bias correction of Adam. The maximum is that of the corrected moments, as in optax; PyTorch takes it before the
 * correction, which differs while a later moment is not the largest one.
 *
 * @param beta1 \(\beta_1\), in [0, 1)
 * @param beta2 \(\beta_2\), in [0, 1)
 * @param epsilon \(\epsilon\), above 0
 */
public record AmsGrad(double beta1, double beta2, double epsilon) implements Optimizer {
    private static final PointwiseProgram PROGRAM = update();

    private static PointwiseProgram update() {
        Expr g = Formula.decayedInsideClip();
        Expr m = Formula.average(0, Formula.S0, g);
        Expr v = Formula.average(2, Formula.S1, g.mul(g));
        Expr u = Formula.S2.max(v.mul(Formula.own(4)));
        Expr w = Formula.W.sub(Formula.LR.mul(m).div(u.sqrt().add(Formula.own(5))));
        return PointwiseProgram.of(w, m, v, u);
    }

    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public AmsGrad {
        Check.moments("amsGrad", beta1, beta2, epsilon);
    }

    /** Uses the default attributes: {@code beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8}. */
    public AmsGrad() {
        this(0.9, 0.999, 1e-8);
    }

    @Override
    public double defaultLearningRate() {
        return 0.001;
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
        double rate = step.learningRate() / (1 - Math.pow(beta1, step.number()));
        double second = 1 / (1 - Math.pow(beta2, step.number()));
        return Formula.scalarsAtRate(step, rate, beta1, 1 - beta1, beta2, 1 - beta2, second, epsilon);
    }
}
