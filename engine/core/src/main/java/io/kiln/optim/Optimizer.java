package io.kiln.optim;

import io.kiln.pointwise.PointwiseProgram;

/**
 * How parameters follow their gradients. Implementations are records in this package: their components are written to JSON.
 *
 * <p>The update of a parameter w with gradient g and states s is a pointwise program, run in place on arrays of any common
 * shape: a whole parameter, or any slice of its flat form. States begin as zeros. The program's
 * <ul>
 * <li>inputs are w, g and the states, in that order;
 * <li>outputs are the new w and the new states (where there are fewer outputs, the last states stay as they are);
 * <li>scalars are given by {@link #scalars}.
 * </ul>
 * Inside the program the gradient is multiplied by {@link Step#rescale()} and clipped to {@link Step#clip()}. An optimizer
 * that also needs norms of the whole parameter is a {@link LayerwiseOptimizer}, one that needs further arrays a
 * {@link CompanionOptimizer}; {@link Updates} runs all kinds.
 *
 * <p>Implementations are immutable and thread-safe.
 */
public interface Optimizer {
    /**
     * The name used in JSON: the class name with a small first letter.
     *
     * @return the name
     */
    default String name() {
        String s = getClass().getSimpleName();
        return Character.toLowerCase(s.charAt(0)) + s.substring(1);
    }

    /**
     * The learning rate that suits this optimizer when none is asked for.
     *
     * @return a learning rate
     */
    double defaultLearningRate();

    /**
     * How many state arrays, each of the parameter's shape, belong to a parameter.
     *
     * @return the number of states
     */
    int stateCount();

    /**
     * Whether rows of a parameter whose gradient is 0 may be left as they are, with their states: the lazy update of a
     * {@link io.kiln.ndarray.RowSparse} gradient. Momentum and moving averages of a row then rest until it is looked up again, and
     * weight decay applies to rows that are. Other optimizers get the dense gradient.
     *
     * @return true when the update of a row depends on nothing but that row, and a row whose gradient and states are 0 stays as
     *     it is unless weights decay
     */
    default boolean updatesLazily() {
        return false;
    }

    /**
     * The update. Equal optimizers return the identical program, so that a backend compiles it once.
     *
     * @return the program
     */
    PointwiseProgram program();

    /**
     * The scalars of one run of {@link #program()}.
     *
     * @param step the numbers of this update
     * @return as many as the program asks for
     */
    double[] scalars(Step step);

    /**
     * How much of a parameter one update has to see.
     *
     * @return {@link Reach#ELEMENTS} for an update that is its program alone
     */
    default Reach reach() {
        return Reach.ELEMENTS;
    }
}
