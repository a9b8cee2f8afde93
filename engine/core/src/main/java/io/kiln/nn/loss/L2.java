package io.kiln.nn.loss;

import io.kiln.ndarray.NDArray;

/**
 * Half the squared error: \(\frac12 (p - y)^2\). Labels have the shape of the predictions.
 */
public record L2() implements Loss {
    @Override
    public NDArray unreduced(NDArray prediction, NDArray label) {
        return prediction.sub(Labels.like(name(), prediction, label)).square().mul(0.5);
    }
}
