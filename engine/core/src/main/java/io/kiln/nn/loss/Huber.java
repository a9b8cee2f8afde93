package io.kiln.nn.loss;

import io.kiln.ndarray.NDArray;

/**
 * Huber loss as the smooth L1 loss: with \(d = |p - y|\), \(\frac{1}{2\rho} d^2\) if \(d \le \rho\), otherwise
 * \(d - \frac\rho2\). Labels have the shape of the predictions. P. Huber, 1964; R. Girshick, ICCV 2015.
 *
 * @param rho \(\rho\), where the parabola ends, above 0
 */
public record Huber(double rho) implements Loss {
    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public Huber {
        if (!(rho > 0)) {
            throw new IllegalArgumentException("huber: rho must be > 0, got " + rho);
        }
    }

    /** Uses the default attributes: {@code rho = 1}. */
    public Huber() {
        this(1);
    }

    @Override
    public NDArray unreduced(NDArray prediction, NDArray label) {
        NDArray d = prediction.sub(Labels.like(name(), prediction, label)).abs();
        NDArray near = d.clip(0, rho);
        // near² / 2 rho + (d - near): both pieces, without a gradient through the unused one
        return near.square().mul(0.5 / rho).add(d.sub(near));
    }
}
