package io.kiln.nn;

import io.kiln.init.Initializer;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.Role;
import io.kiln.op.math.Elementwise;
import io.kiln.op.reduce.Reductions;

/**
 * Scaling by the root mean square over the last axis: \(y = \gamma\, x / \sqrt{\frac1n \sum_i x_i^2 + \epsilon}\). Shapes:
 * x[…,n], y as x, gamma [n]. B. Zhang, R. Sennrich, NeurIPS 2019.
 */
public final class RmsNorm extends Block {
    private final double epsilon;
    private final Parameter gamma =
            addParameter(new Parameter("gamma", Role.GAMMA, Initializer.defaultFor(Role.GAMMA)));

    /** Creates a layer with epsilon 1e-6. */
    public RmsNorm() {
        this(1e-6);
    }

    /**
     * Creates a layer.
     *
     * @param epsilon added to the mean square, above 0
     */
    public RmsNorm(double epsilon) {
        if (!(epsilon > 0)) {
            throw new IllegalArgumentException("rmsNorm: epsilon must be above 0, got " + epsilon);
        }
        this.epsilon = epsilon;
    }

    @Override
    public NDArray forward(NDArray x) {
        NDArray square = Reductions.mean(x.square(), true, -1);
        return x.mul(Elementwise.rsqrt(square.add(epsilon)))
                .mul(gamma.complete(Shape.of(x.shape().dim(-1))).data());
    }
}
