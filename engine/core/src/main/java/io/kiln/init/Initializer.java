package io.kiln.init;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.Role;

/**
 * Creates the initial value of a parameter. Implementations are records in this package: their components are written
 * to the graph's JSON.
 */
public interface Initializer {
    /**
     * The name used in graphs: the class name with a lower-case first letter.
     *
     * @return the name
     */
    default String name() {
        String s = getClass().getSimpleName();
        return Character.toLowerCase(s.charAt(0)) + s.substring(1);
    }

    /**
     * Draws the values, from the random generator of the calling thread.
     *
     * @param shape shape of the parameter; axis 0 counts the outputs, axis 1 the inputs, further axes are the window
     * @return a new float32 array
     */
    NDArray create(Shape shape);

    /**
     * The default initializer: {@link Xavier} for weights, {@link Normal} with deviation 0.01 for embeddings, ones for
     * scales and running variances, zeros for all others.
     *
     * @param role the parameter's role
     * @return the initializer
     */
    static Initializer defaultFor(Role role) {
        return switch (role) {
            case WEIGHT -> new Xavier();
            case EMBEDDING -> new Normal(0.01);
            case GAMMA, RUNNING_VARIANCE -> new Ones();
            case BIAS, BETA, RUNNING_MEAN, CONSTANT -> new Zeros();
        };
    }
}
