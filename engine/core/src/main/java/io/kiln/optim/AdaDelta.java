package io.kiln.optim;

import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;

/**
 * AdaDelta: with \(g' = \mathrm{clip}(r g)\), \(n \leftarrow \rho n + (1 - \rho) g'^2\),
 * \(\delta = g' \sqrt{d + \epsilon} / \sqrt{n + \epsilon}\), \(d \leftarrow \rho d + (1 - \rho) \delta^2\),
 * \(w \leftarrow w - \eta (\delta + \lambda w)\). M. Zeiler, arXiv:1212.5701, where \(\eta = 1\). As in
 * MXNet weight decay stays out of the averages; PyTorch adds it to the gradient.
 *
 * @param rho \(\rho\), in [0, 1)
 * @param epsilon \(\epsilon\), above 0
 */
public record AdaDelta(double rho, double epsilon) implements Optimizer {
    private static final PointwiseProgram PROGRAM = update();

    private static PointwiseProgram update() {
        Expr g = Formula.gradient();
        Expr n = Formula.average(0, Formula.S0, g.mul(g));
        Expr epsilon = Formula.own(2);
        Expr delta = g.mul(Formula.S1.add(epsilon).sqrt().div(n.add(epsilon).sqrt()));
        Expr d = Formula.average(0, Formula.S1, delta.mul(delta));
        Expr w = Formula.W.sub(Formula.LR.mul(delta.add(Formula.WD.mul(Formula.W))));
        return PointwiseProgram.of(w, n, d);
    }

    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public AdaDelta {
        Check.meanSquare("adaDelta", rho, epsilon);
    }

    /** Uses the default attributes: {@code rho = 0.9, epsilon = 1e-5}. */
    public AdaDelta() {
        this(0.9, 1e-5);
    }

    @Override
    public double defaultLearningRate() {
        return 1;
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
        return Formula.scalars(step, rho, 1 - rho, epsilon);
    }
}
