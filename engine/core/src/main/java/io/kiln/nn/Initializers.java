package io.kiln.nn;

import io.kiln.symbol.Role;

/** Which initializer a parameter has when none is asked for. */
public final class Initializers {
    private Initializers() {}

    /**
     * The default for a role: {@link Xavier} for weights, {@link Normal} with deviation 0.01 for embeddings, ones for scales and
     * running variances, zeros for all else.
     *
     * @param role what the parameter is for
     * @return the initializer
     */
    public static Initializer defaultFor(Role role) {
        return switch (role) {
            case WEIGHT -> new Xavier();
            case EMBEDDING -> new Normal(0.01);
            case GAMMA, RUNNING_VARIANCE -> new Ones();
            case BIAS, BETA, RUNNING_MEAN, CONSTANT -> new Zeros();
        };
    }
}
