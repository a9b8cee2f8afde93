package io.kiln.nn.loss;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;

/**
 * Negative log likelihood under a normal distribution whose mean and variance are both predicted:
 * \(\frac12 (\ln \sigma^2 + (y - \mu)^2 / \sigma^2)\), without the constant \(\frac12 \ln 2\pi\). Shapes: predictions
 * [N,…,2n], where the first half of the last axis is \(\mu\) and the second \(\ln \sigma^2\), clipped to at least
 * \(\ln\) of the least variance; labels [N,…,n]. D. Nix, A. Weigend, ICNN 1994.
 *
 * @param leastVariance the least variance, above 0
 */
public record GaussianNll(double leastVariance) implements Loss {
    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public GaussianNll {
        if (!(leastVariance > 0)) {
            throw new IllegalArgumentException("gaussianNll: leastVariance must be > 0, got " + leastVariance);
        }
    }

    /** Uses PyTorch's attributes: {@code leastVariance = 1e-6}. */
    public GaussianNll() {
        this(1e-6);
    }

    @Override
    public NDArray unreduced(NDArray prediction, NDArray label) {
        Shape p = prediction.shape();
        if (p.rank() < 2 || p.dim(-1) < 2 || p.dim(-1) % 2 != 0) {
            throw new ShapeException(
                    name() + ": needs predictions[N,…,2n] of means and ln(variance), got prediction" + p);
        }
        int last = p.rank() - 1;
        long n = p.dim(-1) / 2;
        NDArray mean = prediction.slice(last, 0, n);
        NDArray logVariance = prediction.slice(last, n, 2 * n).clip(Math.log(leastVariance), Double.POSITIVE_INFINITY);
        NDArray d = mean.sub(Labels.like(name(), mean, label));
        return logVariance.add(d.square().mul(logVariance.neg().exp())).mul(0.5);
    }
}
