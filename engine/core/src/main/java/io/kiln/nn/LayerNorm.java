package io.kiln.nn;

import io.kiln.init.Initializer;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.Role;
import io.kiln.op.nn.Neural;

/**
 * Layer normalisation over the last axis, as in {@link io.kiln.op.nn.LayerNormOp}. Shapes: x[…,n], y as x; gamma and
 * beta [n].
 */
public final class LayerNorm extends Block {
    private final double epsilon;
    private final Parameter gamma =
            addParameter(new Parameter("gamma", Role.GAMMA, Initializer.defaultFor(Role.GAMMA)));
    private final Parameter beta = addParameter(new Parameter("beta", Role.BETA, Initializer.defaultFor(Role.BETA)));

    /** Creates a layer with epsilon 1e-5. */
    public LayerNorm() {
        this(1e-5);
    }

    /**
     * Creates a layer.
     *
     * @param epsilon added to the variance, above 0
     */
    public LayerNorm(double epsilon) {
        if (!(epsilon > 0)) {
            throw new IllegalArgumentException("layerNorm: epsilon must be above 0, got " + epsilon);
        }
        this.epsilon = epsilon;
    }

    @Override
    public NDArray forward(NDArray x) {
        Shape n = Shape.of(x.shape().dim(-1));
        return Neural.layerNorm(x, gamma.complete(n).data(), beta.complete(n).data(), epsilon);
    }
}
