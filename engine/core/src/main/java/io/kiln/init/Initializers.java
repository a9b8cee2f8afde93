package io.kiln.init;

/** Initializers by the names of their papers. */
public final class Initializers {
    private Initializers() {}

    /** {@return \(N(0, \frac{2}{fan_{in}})\), for ReLU. K. He et al., ICCV 2015} */
    public static Initializer heNormal() {
        return new Xavier(Xavier.Distribution.GAUSSIAN, Xavier.Factor.IN, 2);
    }

    /** {@return uniform over \([-s, s)\) with \(s^2 = \frac{6}{fan_{in}}\): the variance of {@link #heNormal()}} */
    public static Initializer heUniform() {
        return new Xavier(Xavier.Distribution.UNIFORM, Xavier.Factor.IN, 6);
    }

    /** {@return \(N(0, \frac{1}{fan_{in}})\). Y. LeCun et al., Efficient BackProp, 1998; for {@code Selu}} */
    public static Initializer lecunNormal() {
        return new Xavier(Xavier.Distribution.GAUSSIAN, Xavier.Factor.IN, 1);
    }

    /** {@return uniform over \([-s, s)\) with \(s^2 = \frac{3}{fan_{in}}\): the variance of {@link #lecunNormal()}} */
    public static Initializer lecunUniform() {
        return new Xavier(Xavier.Distribution.UNIFORM, Xavier.Factor.IN, 3);
    }
}
