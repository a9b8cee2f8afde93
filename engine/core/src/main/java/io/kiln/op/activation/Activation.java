package io.kiln.op.activation;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;
import io.kiln.op.internal.ReluGradient;
import io.kiln.op.internal.SigmoidGradient;
import io.kiln.op.internal.TanhGradient;
import io.kiln.op.math.Tanh;
import io.kiln.op.nn.Convolution;
import io.kiln.op.nn.Linear;

/**
 * Activations that {@link Linear} and {@link Convolution} apply to their result while it is still in the cache. Only
 * activations whose gradient follows from the output alone are listed; all others are separate operators.
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

    /**
     * The function of an array.
     *
     * @param z its argument
     * @return y
     */
    public NDArray apply(NDArray z) {
        return switch (this) {
            case NONE -> z;
            case RELU -> z.relu();
            case SIGMOID -> Dispatch.one(new Sigmoid(), z);
            case TANH -> Dispatch.one(new Tanh(), z);
        };
    }

    /**
     * The gradient with respect to z, from y alone.
     *
     * @param dy the gradient with respect to y
     * @param y the result
     * @return the gradient with respect to z
     */
    public NDArray gradient(NDArray dy, NDArray y) {
        return switch (this) {
            case NONE -> dy;
            case RELU -> Dispatch.one(new ReluGradient(), dy, y);
            case SIGMOID -> Dispatch.one(new SigmoidGradient(), dy, y);
            case TANH -> Dispatch.one(new TanhGradient(), dy, y);
        };
    }

    /**
     * Floating-point operations on n elements.
     *
     * @param n number of elements
     * @return the number of operations
     */
    public long flops(long n) {
        return this == NONE ? 0 : n;
    }
}
