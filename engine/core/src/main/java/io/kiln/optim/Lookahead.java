package io.kiln.optim;

import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;
import java.util.stream.IntStream;

/**
 * Another optimizer, with slow weights u that follow it: after every k updates \(u \leftarrow u + \alpha (w - u)\), then
 * \(w \leftarrow u\). Before the first update u = w. M. Zhang et al., NeurIPS 2019.
 *
 * <p>It runs in the two phases of a {@link LayerwiseOptimizer}: the first is the other optimizer's update, the second
 * brings the slow weights; there is no trust ratio.
 *
 * @param inner the optimizer of the fast weights; its update must be its program alone
 * @param every k, at least 1
 * @param rate \(\alpha\), in (0, 1]
 */
public record Lookahead(Optimizer inner, long every, double rate) implements LayerwiseOptimizer {
    private static final int MAX_STATES = 6;
    private static final PointwiseProgram[] PROGRAMS =
            IntStream.rangeClosed(0, MAX_STATES).mapToObj(Lookahead::follow).toArray(PointwiseProgram[]::new);

    /** The second phase with so many states of the inner optimizer, which stay as they are. */
    private static PointwiseProgram follow(int states) {
        Expr begun = Formula.own(0).select(Formula.W, Expr.input(2 + states));
        Expr followed = begun.add(Formula.own(2).mul(Formula.G.sub(begun)));
        Expr slow = Formula.own(1).select(followed, begun);
        Expr[] outputs = new Expr[states + 2];
        outputs[0] = Formula.own(1).select(slow, Formula.G);
        for (int i = 0; i < states; i++) {
            outputs[1 + i] = Expr.input(2 + i);
        }
        outputs[1 + states] = slow;
        return PointwiseProgram.of(outputs);
    }

    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException when one is out of range, or the other optimizer needs more than its program
     */
    public Lookahead {
        if (inner.reach() != Reach.ELEMENTS || inner instanceof CompanionOptimizer) {
            throw new IllegalArgumentException("lookahead: needs an optimizer whose update is its program alone, got "
                    + inner + "; take one without norms, rows or noise, such as Adam");
        }
        if (inner.stateCount() > MAX_STATES) {
            throw new IllegalArgumentException("lookahead: needs an optimizer of at most " + MAX_STATES
                    + " states, got " + inner + " with " + inner.stateCount());
        }
        Check.positive("lookahead", "every", every);
        Check.share("lookahead", "rate", rate);
    }

    /**
     * The paper's attributes: {@code every = 5, rate = 0.5}.
     *
     * @param inner the optimizer of the fast weights
     */
    public Lookahead(Optimizer inner) {
        this(inner, 5, 0.5);
    }

    @Override
    public double defaultLearningRate() {
        return inner.defaultLearningRate();
    }

    @Override
    public int stateCount() {
        return inner.stateCount() + 1;
    }

    @Override
    public PointwiseProgram direction() {
        return inner.program();
    }

    @Override
    public double[] directionScalars(Step step) {
        return inner.scalars(step);
    }

    @Override
    public Scalar trustRatio(Step step, Scalar weightNorm, Scalar directionNorm) {
        return Scalar.of(1);
    }

    @Override
    public PointwiseProgram program() {
        return PROGRAMS[inner.stateCount()];
    }

    @Override
    public double[] scalars(Step step) {
        return Formula.scalars(step, step.number() == 1 ? 1 : 0, step.number() % every == 0 ? 1 : 0, rate);
    }
}
