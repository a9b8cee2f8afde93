package io.kiln.optim;

import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;

/**
 * Adam with its adaptive rate rectified while the second moment is uncertain: with \(g' = \mathrm{clip}(r g + \lambda w)\),
 * m and v as in {@link Adam}, \(\rho_\infty = \frac{2}{1 - \beta_2} - 1\), \(\rho_t = \rho_\infty - 2 t \beta_2^t / (1 -
 * \beta_2^t)\): while \(\rho_t \lt 5\), \(w \leftarrow w - \eta \hat m\); then \(w \leftarrow w - \eta r_t \hat m /
 * (\sqrt{\hat v} + \epsilon)\) with \(r_t^2 = \frac{(\rho_t - 4)(\rho_t - 2) \rho_\infty}{(\rho_\infty - 4)(\rho_\infty -
 * 2) \rho_t}\). L. Liu et al., ICLR 2020; the threshold 5 is that of the authors' code, 4 that of their text.
 *
 * @param beta1 \(\beta_1\), in [0, 1)
 * @param beta2 \(\beta_2\), in [0, 1)
 * @param epsilon \(\epsilon\), above 0
 */
public record RAdam(double beta1, double beta2, double epsilon) implements Optimizer {
    private static final double CERTAIN = 5;
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
    public RAdam {
        Check.moments("rAdam", beta1, beta2, epsilon);
    }

    /** Uses the default attributes: {@code beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8}. */
    public RAdam() {
        this(0.9, 0.999, 1e-8);
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
        long t = step.number();
        double power = Math.pow(beta2, t);
        double limit = 2 / (1 - beta2) - 1;
        double length = limit - 2 * t * power / (1 - power);
        double rate = step.learningRate() / (1 - Math.pow(beta1, t));
        if (length < CERTAIN) {
            return Formula.scalarsAtRate(step, rate, beta1, 1 - beta1, beta2, 1 - beta2, 0, 1);
        }
        double rectifier = Math.sqrt((length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length));
        double second = 1 / Math.sqrt(1 - power);
        return Formula.scalarsAtRate(step, rate * rectifier, beta1, 1 - beta1, beta2, 1 - beta2, second, epsilon);
    }
}
