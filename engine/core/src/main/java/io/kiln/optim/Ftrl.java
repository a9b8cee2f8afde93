package io.kiln.optim;

import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;

/**
 * Follow the regularized leader, per coordinate: with \(g' = \mathrm{clip}(r g)\),
 * \(z \leftarrow z + g' - (\sqrt{n + g'^2} - \sqrt n) w / \eta\), \(n \leftarrow n + g'^2\), \(w \leftarrow
 * (\mathrm{sign}(z) \lambda_1 - z) / ((\beta + \sqrt n) / \eta + \lambda)\) if \(|z| > \lambda_1\), otherwise 0. H. B.
 * McMahan et al., KDD 2013. The learning rate must be above 0.
 *
 * @param lambda1 \(\lambda_1\), the L1 penalty
 * @param beta \(\beta\), above 0
 */
public record Ftrl(double lambda1, double beta) implements Optimizer {
    private static final PointwiseProgram PROGRAM = update();

    private static PointwiseProgram update() {
        Expr g = Formula.gradient();
        Expr squares = Formula.S1.add(g.mul(g));
        Expr sigma = squares.sqrt().sub(Formula.S1.sqrt()).div(Formula.LR);
        Expr z = Formula.S0.add(g).sub(sigma.mul(Formula.W));
        Expr lambda1 = Formula.own(0);
        Expr curvature = Formula.own(1).add(squares.sqrt()).div(Formula.LR).add(Formula.WD);
        Expr w = z.sign().mul(lambda1).sub(z).div(curvature);
        return PointwiseProgram.of(z.abs().gt(lambda1).select(w, Expr.constant(0)), z, squares);
    }

    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public Ftrl {
        Check.atLeastZero("ftrl", "lambda1", lambda1);
        Check.positive("ftrl", "beta", beta);
    }

    /** Uses the default attributes: {@code lambda1 = 0.01, beta = 1}. */
    public Ftrl() {
        this(0.01, 1);
    }

    @Override
    public double defaultLearningRate() {
        return 0.1;
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
        Check.positive("ftrl", "learningRate", step.learningRate());
        return Formula.scalars(step, lambda1, beta);
    }
}
