package io.kiln.nn;

import io.kiln.init.Initializer;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.Role;

/**
 * Normalisation of each channel of each sample over all spatial axes:
 * \(y = \gamma_c (x - \mu)/\sqrt{\sigma^2 + \epsilon} + \beta_c\), with the (biased) variance. Shapes: x[N,C,…], y as
 * x, gamma and beta [C]. D. Ulyanov et al., arXiv:1607.08022.
 */
public final class InstanceNorm extends Block {
    private final double epsilon;
    private final Parameter gamma =
            addParameter(new Parameter("gamma", Role.GAMMA, Initializer.defaultFor(Role.GAMMA)));
    private final Parameter beta = addParameter(new Parameter("beta", Role.BETA, Initializer.defaultFor(Role.BETA)));

    /** Creates a layer with epsilon 1e-5. */
    public InstanceNorm() {
        this(1e-5);
    }

    /**
     * Creates a layer.
     *
     * @param epsilon added to the variance, above 0
     */
    public InstanceNorm(double epsilon) {
        if (!(epsilon > 0)) {
            throw new IllegalArgumentException("instanceNorm: epsilon must be above 0, got " + epsilon);
        }
        this.epsilon = epsilon;
    }

    @Override
    public NDArray forward(NDArray x) {
        Shape channels = GroupNorm.channels("instanceNorm", x, 1);
        return GroupNorm.normalise(
                x,
                channels.dim(0),
                epsilon,
                gamma.complete(channels).data(),
                beta.complete(channels).data());
    }
}
