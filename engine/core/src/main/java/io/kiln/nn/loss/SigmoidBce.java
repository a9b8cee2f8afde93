package io.kiln.nn.loss;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Elementwise;

/**
 * Binary cross-entropy from logits: \(-y \ln \sigma(p) - (1 - y) \ln(1 - \sigma(p))\), computed without overflow as
 * \(\mathrm{softplus}(p) - p y\). Labels are 0, 1 or between, of the shape of the predictions.
 */
public record SigmoidBce() implements Loss {
    @Override
    public NDArray compute(NDArray prediction, NDArray label) {
        NDArray y = Labels.like(name(), prediction, label);
        return Labels.mean(Elementwise.softplus(prediction).sub(prediction.mul(y)));
    }
}
