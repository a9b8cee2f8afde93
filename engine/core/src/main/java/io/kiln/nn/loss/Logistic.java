package io.kiln.nn.loss;

import io.kiln.ndarray.NDArray;
import io.kiln.op.math.Elementwise;

/** Logistic loss \(\ln(1 + e^{-y p})\) for labels of -1 and 1, with the shape of the predictions. */
public record Logistic() implements Loss {
    @Override
    public NDArray unreduced(NDArray prediction, NDArray label) {
        NDArray y = Labels.like(name(), prediction, label);
        return Elementwise.softplus(prediction.mul(y).neg());
    }
}
