package io.kiln.optim;

import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;

/**
 * Nesterov's accelerated gradient, with the look-ahead written at the weight itself:
 * \(s' = m s + \eta (\mathrm{clip}(r g) + \lambda w)\), \(w \leftarrow w - (1 + m) s' + m s\), \(s \leftarrow s'\).
 * Weight decay reads the weight before the update, in both lines. Y. Nesterov, 1983; I. Sutskever et al., ICML 2013. As in MXNet
 * the learning rate is part of the state, unlike PyTorch's {@code SGD(nesterov=True)}; see {@link Sgd}.
 *
 * @param momentum m, in [0, 1)
 */
public record Nag(double momentum) implements Optimizer {
    private static final PointwiseProgram PROGRAM = update();

    private static PointwiseProgram update() {
        Expr m = Formula.own(0);
        Expr before = m.mul(Formula.S0);
        Expr s = before.add(Formula.LR.mul(Formula.decayedOutsideClip()));
        return PointwiseProgram.of(Formula.W.sub(s.add(m.mul(s))).add(before), s);
    }

    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public Nag {
        Check.fraction("nag", "momentum", momentum);
    }

    /** Uses the default attributes: {@code momentum = 0.9}. */
    public Nag() {
        this(0.9);
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
    public PointwiseProgram program() {
        return PROGRAM;
    }

    @Override
    public double[] scalars(Step step) {
        return Formula.scalars(step, momentum);
    }
}
