package io.kiln.optim;

import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;

/**
 * RMSProp: with \(g' = \mathrm{clip}(r g + \lambda w)\), \(n \leftarrow \rho n + (1 - \rho) g'^2\),
 * \(w \leftarrow w - \eta\, g' / \sqrt{n + \epsilon}\). T. Tieleman, G. Hinton, Lecture 6.5, 2012. As in MXNet, epsilon
 * is inside the root; in PyTorch it is outside.
 *
 * @param rho \(\rho\), in [0, 1)
 * @param epsilon \(\epsilon\), above 0, inside the root
 */
public record RmsProp(double rho, double epsilon) implements Optimizer {
    private static final PointwiseProgram PROGRAM = update();

    private static PointwiseProgram update() {
        Expr g = Formula.decayedInsideClip();
        Expr n = Formula.average(0, Formula.S0, g.mul(g));
        return PointwiseProgram.of(
                Formula.W.sub(Formula.LR.mul(g).div(n.add(Formula.own(2)).sqrt())), n);
    }

    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public RmsProp {
        Check.meanSquare("rmsProp", rho, epsilon);
    }

    /** Uses the default attributes: {@code rho = 0.9, epsilon = 1e-8}. */
    public RmsProp() {
        this(0.9, 1e-8);
    }

    @Override
    public double defaultLearningRate() {
        return 0.001;
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
        return Formula.scalars(step, rho, 1 - rho, epsilon);
    }
}
