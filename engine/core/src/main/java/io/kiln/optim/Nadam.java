package io.kiln.optim;

import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;

/**
 * Adam with Nesterov momentum on a schedule \(\mu_t = \beta_1 (1 - \frac12 0.96^{t \psi})\): with
 * \(g' = \mathrm{clip}(r g + \lambda w)\), m and v as in {@link Adam},
 * \(\bar m = (1 - \mu_t) g' / (1 - \prod_{i \le t} \mu_i) + \mu_{t+1} m / (1 - \prod_{i \le t+1} \mu_i)\),
 * \(w \leftarrow w - \eta\, \bar m / (\sqrt{\hat v} + \epsilon)\). T. Dozat, ICLR 2016 workshop.
 *
 * @param beta1 \(\beta_1\), in [0, 1)
 * @param beta2 \(\beta_2\), in [0, 1)
 * @param epsilon \(\epsilon\), above 0
 * @param scheduleDecay \(\psi\)
 */
public record Nadam(double beta1, double beta2, double epsilon, double scheduleDecay) implements Optimizer {
    private static final PointwiseProgram PROGRAM = update();

    private static PointwiseProgram update() {
        Expr g = Formula.decayedInsideClip();
        Expr m = Formula.average(0, Formula.S0, g);
        Expr v = Formula.average(2, Formula.S1, g.mul(g));
        Expr mean = Formula.own(6).mul(g).add(Formula.own(7).mul(m));
        Expr denominator = v.sqrt().mul(Formula.own(4)).add(Formula.own(5));
        return PointwiseProgram.of(Formula.W.sub(Formula.LR.mul(mean).div(denominator)), m, v);
    }

    private double momentum(long t) {
        return beta1 * (1 - 0.5 * Math.pow(0.96, t * scheduleDecay));
    }

    /**
     * The product of the momenta up to step t; what remains of it after some hundred steps does not change 1 - product.
     */
    private double product(long t) {
        double p = 1;
        for (long i = 1; i <= t && p > 1e-20; i++) {
            p *= momentum(i);
        }
        return p;
    }

    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public Nadam {
        Check.moments("nadam", beta1, beta2, epsilon);
        Check.atLeastZero("nadam", "scheduleDecay", scheduleDecay);
    }

    /** Uses the default attributes: {@code beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, scheduleDecay = 0.004}. */
    public Nadam() {
        this(0.9, 0.999, 1e-8, 0.004);
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
        double root = 1 / Math.sqrt(1 - Math.pow(beta2, t));
        double ofGradient = (1 - momentum(t)) / (1 - product(t));
        double ofMean = momentum(t + 1) / (1 - product(t + 1));
        return Formula.scalars(step, beta1, 1 - beta1, beta2, 1 - beta2, root, epsilon, ofGradient, ofMean);
    }
}
