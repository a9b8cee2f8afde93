package io.kiln.op;

import io.kiln.ndarray.NDArray;

/**
 * Activations that {@link Linear} and {@link Convolution} apply to their result while it is still in the cache. They are
 * those whose gradient follows from the output alone; all others are operators of their own.
 */
public enum Activation {
    /** None: y = z. */
    NONE,
    /** Rectifier: y = max(z, 0). */
    RELU,
    /** Logistic function: y = 1/(1 + e^-z). */
    SIGMOID,
    /** Hyperbolic tangent. */
    TANH;

    NDArray apply(NDArray z) {
        return switch (this) {
            case NONE -> z;
            case RELU -> z.relu();
            case SIGMOID -> Dispatch.one(new Sigmoid(), z);
            case TANH -> Dispatch.one(new Tanh(), z);
        };
    }

    /** The gradient with respect to z from that with respect to y, and y. */
    NDArray gradient(NDArray dy, NDArray y) {
        return switch (this) {
            case NONE -> dy;
            case RELU -> Dispatch.one(new ReluGradient(), dy, y);
            case SIGMOID -> Dispatch.one(new SigmoidGradient(), dy, y);
            case TANH -> Dispatch.one(new TanhGradient(), dy, y);
        };
    }

    /** Floating-point operations on n elements. */
    long flops(long n) {
        return this == NONE ? 0 : n;
    }
}
