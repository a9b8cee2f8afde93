package io.kiln.optim;

import io.kiln.ndarray.NDArray;
import io.kiln.op.reduce.Reductions;
import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;
import java.util.stream.IntStream;

/**
 * AdaGrad with one learning rate per row: with \(g' = \mathrm{clip}(r g)\),
 * \(h_i \leftarrow h_i + \mathrm{mean}_j\, g'^2_{ij}\), \(w_{ij} \leftarrow w_{ij} - \eta (g'_{ij} / \sqrt{h_i +
 * \epsilon} + \lambda w_{ij})\). For tables of vectors; in a vector each element is a row. J. Duchi et al., JMLR 2011,
 * applied to rows as in MXNet's contrib optimizer of this name.
 *
 * @param epsilon \(\epsilon\), above 0
 */
public record GroupAdaGrad(double epsilon) implements CompanionOptimizer {
    private static final PointwiseProgram PROGRAM = update();

    private static PointwiseProgram update() {
        Expr h = Formula.S0.add(Formula.S1);
        Expr step = Formula.gradient().div(h.add(Formula.own(0)).sqrt()).add(Formula.WD.mul(Formula.W));
        return PointwiseProgram.of(Formula.W.sub(Formula.LR.mul(step)), h);
    }

    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public GroupAdaGrad {
        Check.positive("groupAdaGrad", "epsilon", epsilon);
    }

    /** Uses the default attributes: {@code epsilon = 1e-5}. */
    public GroupAdaGrad() {
        this(1e-5);
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
        return Formula.scalars(step, epsilon);
    }

    @Override
    public NDArray[] companions(Step step, NDArray weight, NDArray gradient, NDArray... states) {
        NDArray squares =
                gradient.mul(step.rescale()).clip(-step.clip(), step.clip()).square();
        int[] behindRows = IntStream.range(1, weight.shape().rank()).toArray();
        return new NDArray[] {
            behindRows.length == 0
                    ? squares
                    : Reductions.mean(squares, true, behindRows).broadcastTo(weight.shape())
        };
    }

    @Override
    public Reach reach() {
        return Reach.SHAPE;
    }
}
