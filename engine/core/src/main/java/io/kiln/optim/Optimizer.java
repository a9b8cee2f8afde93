package io.kiln.optim;

import io.kiln.pointwise.PointwiseProgram;

/**
 * The rule by which parameters are updated from their gradients. Implementations are records in this package: their
 * components are written to JSON.
 *
 * <p>The update of a parameter w with gradient g and states s is a pointwise program, run in place on arrays of any
 * common shape: a whole parameter, or any slice of its flat form. States are initially zero. The program's
 * <ul>
 * <li>inputs are w, g and the states, in that order;
 * <li>outputs are the new w and the new states (if there are fewer outputs, the last states do not change);
 * <li>scalars are given by {@link #scalars}.
 * </ul> Inside the program the gradient is multiplied by {@link Step#rescale()} and clipped to {@link Step#clip()}. An
 * optimizer that also needs norms of the whole parameter is a {@link LayerwiseOptimizer}, one that needs further arrays
 * a {@link CompanionOptimizer}; {@link Updates} runs all kinds.
 *
 * <p>Implementations are immutable and thread-safe.
 */
public interface Optimizer {
    /**
     * The name used in JSON: the class name with a lower-case first letter.
     *
     * @return the name
     */
    default String name() {
        String s = getClass().getSimpleName();
        return Character.toLowerCase(s.charAt(0)) + s.substring(1);
    }

    /**
     * The default learning rate of this optimizer.
     *
     * @return a learning rate
     */
    double defaultLearningRate();

    /**
     * The number of state arrays per parameter, each with the parameter's shape.
     *
     * @return the number of states
     */
    int stateCount();

    /**
     * Whether rows of a parameter whose gradient is 0 may be left unchanged, with their states: the lazy update of a
     * {@link io.kiln.ndarray.RowSparse} gradient. Momentum and moving averages of a row then do not change until it is
     * looked up again, and weight decay applies only to rows that are. Other optimizers get the dense gradient.
     *
     * @return true if the update of a row depends only on that row, and a row whose gradient and states are 0 does not
     *     change unless weights decay
     */
    default boolean updatesLazily() {
        return false;
    }

    /**
     * The update. Equal optimizers return the same program object, so that a backend compiles it once.
     *
     * @return the program
     */
    PointwiseProgram program();

    /**
     * The scalars of one run of {@link #program()}.
     *
     * @param step the numbers of this update
     * @return as many as the program requires
     */
    double[] scalars(Step step);

    /**
     * How much of a parameter one update must access.
     *
     * @return {@link Reach#ELEMENTS} for an update that is its program alone
     */
    default Reach reach() {
        return Reach.ELEMENTS;
    }
}
