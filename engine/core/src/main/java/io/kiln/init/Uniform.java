package io.kiln.init;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.Dispatch;
import io.kiln.op.random.RandomUniform;

/**
 * Elements distributed uniformly over \([-s, s)\).
 *
 * @param scale s, at least 0
 */
public record Uniform(double scale) implements Initializer {
    /**
     * Checks the scale.
     *
     * @throws IllegalArgumentException if it is negative or not finite
     */
    public Uniform {
        if (!(scale >= 0) || Double.isInfinite(scale)) {
            throw new IllegalArgumentException("uniform: scale must be finite and >= 0, got " + scale);
        }
    }

    /** Uses MXNet's default scale, 0.07. */
    public Uniform() {
        this(0.07);
    }

    @Override
    public NDArray create(Shape shape) {
        return Dispatch.withoutGradient(new RandomUniform(shape, -scale, scale, DType.FLOAT32));
    }
}
