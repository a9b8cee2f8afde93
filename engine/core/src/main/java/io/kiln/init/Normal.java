package io.kiln.init;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.Dispatch;
import io.kiln.op.random.RandomNormal;

/**
 * Normally distributed elements: \(N(0, \sigma^2)\).
 *
 * @param sigma \(\sigma\), at least 0
 */
public record Normal(double sigma) implements Initializer {
    /**
     * Checks the deviation.
     *
     * @throws IllegalArgumentException if it is negative or not finite
     */
    public Normal {
        if (!(sigma >= 0) || Double.isInfinite(sigma)) {
            throw new IllegalArgumentException("normal: sigma must be finite and >= 0, got " + sigma);
        }
    }

    /** Uses MXNet's default deviation, 0.01. */
    public Normal() {
        this(0.01);
    }

    @Override
    public NDArray create(Shape shape) {
        return Dispatch.withoutGradient(new RandomNormal(shape, 0, sigma, DType.FLOAT32));
    }
}
