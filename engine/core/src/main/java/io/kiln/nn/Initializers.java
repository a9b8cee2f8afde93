package io.kiln.nn;

import io.kiln.symbol.Role;

/** Which initializer a parameter has when none is asked for. */
public final class Initializers {
    private Initializers() {}

    /**
     * The default for a role: {@link Xavier} for weights, {@link Normal} with deviation 0.01 for embeddings, ones for
     * scales and running variances, zeros for all else.
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

    /** {@return \(N(0, \frac{2}{fan_{in}})\), for rectifiers. K. He et al., ICCV 2015} */
    public static Initializer heNormal() {
        return new Xavier(Xavier.Distribution.GAUSSIAN, Xavier.Factor.IN, 2);
    }

    /** {@return evenly over \([-s, s)\) with \(s^2 = \frac{6}{fan_{in}}\): the variance of {@link #heNormal()}} */
    public static Initializer heUniform() {
        return new Xavier(Xavier.Distribution.UNIFORM, Xavier.Factor.IN, 6);
    }

    /** {@return \(N(0, \frac{1}{fan_{in}})\). Y. LeCun et al., Efficient BackProp, 1998; for {@link Activations#selu()}} */
    public static Initializer lecunNormal() {
        return new Xavier(Xavier.Distribution.GAUSSIAN, Xavier.Factor.IN, 1);
    }

    /** {@return evenly over \([-s, s)\) with \(s^2 = \frac{3}{fan_{in}}\): the variance of {@link #lecunNormal()}} */
    public static Initializer lecunUniform() {
        return new Xavier(Xavier.Distribution.UNIFORM, Xavier.Factor.IN, 3);
    }
}
