package io.kiln.optim;

import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;

/**
 * AdaGrad: \(h \leftarrow h + g'^2\), \(w \leftarrow w - \eta (g' / \sqrt{h + \epsilon} + \lambda w)\) with
 * \(g' = \mathrm{clip}(r g)\); weight decay stays out of the history. J. Duchi et al., JMLR 2011. This is
 * MXNet's definition; PyTorch adds epsilon outside the root and weight decay to the gradient.
 *
 * @param epsilon \(\epsilon\), above 0
 */
public record AdaGrad(double epsilon) implements Optimizer {
    private static final PointwiseProgram PROGRAM = update();

    private static PointwiseProgram update() {
        Expr g = Formula.gradient();
        Expr h = Formula.S0.add(g.mul(g));
        Expr step = g.div(h.add(Formula.own(0)).sqrt()).add(Formula.WD.mul(Formula.W));
        return PointwiseProgram.of(Formula.W.sub(Formula.LR.mul(step)), h);
    }

    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public AdaGrad {
        Check.positive("adaGrad", "epsilon", epsilon);
    }

    /** Uses the default attributes: {@code epsilon = 1e-7}. */
    public AdaGrad() {
        this(1e-7);
    }

    @Override
    public double defaultLearningRate() {
        return 0.01;
    }

    @Override
    public int stateCount() {
        return 1;
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
        return Formula.scalars(step, epsilon);
    }
}
