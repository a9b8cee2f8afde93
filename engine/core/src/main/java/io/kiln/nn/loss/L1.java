package io.kiln.nn.loss;

import io.kiln.ndarray.NDArray;

/**
 * Absolute error: \(|p - y|\). Labels have the shape of the predictions.
 */
public record L1() implements Loss {
    @Override
    public NDArray unreduced(NDArray prediction, NDArray label) {
        return prediction.sub(Labels.like(name(), prediction, label)).abs();
    }
}
