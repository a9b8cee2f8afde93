package io.kiln.nn.loss;

import io.kiln.ndarray.NDArray;

/**
 * Pinball loss, minimal at a quantile of the labels: with \(d = y - p\), \(\max(\tau d, (\tau - 1) d)\). Labels have
 * the shape of the predictions. R. Koenker, G. Bassett, Econometrica 1978.
 *
 * @param tau \(\tau\), the quantile, in (0, 1)
 */
public record Quantile(double tau) implements Loss {
    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public Quantile {
        if (!(tau > 0 && tau < 1)) {
            throw new IllegalArgumentException("quantile: tau must be in (0, 1), got " + tau);
        }
    }

    /** Uses the median: {@code tau = 0.5}. */
    public Quantile() {
        this(0.5);
    }

    @Override
    public NDArray unreduced(NDArray prediction, NDArray label) {
        NDArray d = Labels.like(name(), prediction, label).sub(prediction);
        return d.mul(tau).maximum(d.mul(tau - 1));
    }
}
