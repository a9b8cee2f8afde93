package io.kiln.optim;

import io.kiln.pointwise.PointwiseProgram;

/**
 * An optimizer that scales the update of each parameter by a trust ratio of two norms. It runs in two phases:
 * {@link #direction()} computes a direction d from w, g and the states; the norms of w and of d over the <em>whole</em>
 * parameter (all slices) give the {@linkplain #trustRatio trust ratio}; {@link #program()} then takes d in the place of g,
 * and the trust ratio as an additional last scalar.
 */
public interface LayerwiseOptimizer extends Optimizer {
    /**
     * The first phase. Inputs: w, g and the states. Outputs: d, then the new states (where there are fewer outputs, the last
     * states stay as they are).
     *
     * @return the program
     */
    PointwiseProgram direction();

    /**
     * The scalars of {@link #direction()}.
     *
     * @param step the numbers of this update
     * @return as many as the program asks for
     */
    double[] directionScalars(Step step);

    /**
     * The factor on this parameter's learning rate.
     *
     * @param step the numbers of this update
     * @param weightNorm Euclidean norm of w
     * @param directionNorm Euclidean norm of d
     * @return the factor; 1 when a norm is 0; not known to Java when the norms are not
     */
    Scalar trustRatio(Step step, Scalar weightNorm, Scalar directionNorm);

    @Override
    default Reach reach() {
        return Reach.PARAMETER;
    }
}
