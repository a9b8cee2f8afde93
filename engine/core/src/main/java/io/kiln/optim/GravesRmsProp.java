package io.kiln.optim;

import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;

/**
 * Centered RMSProp with momentum: with \(g' = \mathrm{clip}(r g + \lambda w)\),
 * \(n \leftarrow \rho n + (1 - \rho) g'^2\), \(a \leftarrow \rho a + (1 - \rho) g'\),
 * \(\Delta \leftarrow m \Delta - \eta\, g' / \sqrt{n - a^2 + \epsilon}\), \(w \leftarrow w + \Delta\). A. Graves,
 * arXiv:1308.0850, equations 38 to 45. As there and in MXNet, epsilon is inside the root and the learning rate is part
 * of the state, unlike in PyTorch's {@code RMSprop(centered=True)}.
 *
 * @param rho \(\rho\), in [0, 1)
 * @param momentum m, in [0, 1)
 * @param epsilon \(\epsilon\), above 0, inside the root
 */
public record GravesRmsProp(double rho, double momentum, double epsilon) implements Optimizer {
    private static final PointwiseProgram PROGRAM = update();

    private static PointwiseProgram update() {
        Expr g = Formula.decayedInsideClip();
        Expr n = Formula.average(0, Formula.S0, g.mul(g));
        Expr a = Formula.average(0, Formula.S1, g);
        // Rounding may make the variance negative.
        Expr deviation = n.sub(a.mul(a)).max(0).add(Formula.own(3)).sqrt();
        Expr delta = Formula.own(2).mul(Formula.S2).sub(Formula.LR.mul(g).div(deviation));
        return PointwiseProgram.of(Formula.W.add(delta), n, a, delta);
    }

    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public GravesRmsProp {
        Check.meanSquare("gravesRmsProp", rho, epsilon);
        Check.fraction("gravesRmsProp", "momentum", momentum);
    }

    /** Uses the default attributes: {@code rho = 0.9, momentum = 0.9, epsilon = 1e-8}. */
    public GravesRmsProp() {
        this(0.9, 0.9, 1e-8);
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
        return Formula.scalars(step, rho, 1 - rho, momentum, epsilon);
    }
}
