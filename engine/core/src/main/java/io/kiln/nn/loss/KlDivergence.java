package io.kiln.nn.loss;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;
import io.kiln.op.activation.LogSoftmax;

/**
 * Kullback-Leibler divergence \(y (\ln y - \ln p)\) of a predicted from a given distribution; terms with y = 0 are 0.
 * Labels have the shape of the predictions. Like all losses here, it takes the mean over the classes, not their sum.
 *
 * @param fromLogits whether predictions are logits, normalised here along the last axis, instead of logarithms of
 *     probabilities
 */
public record KlDivergence(boolean fromLogits) implements Loss {
    /** Above 0 in float32: keeps 0 ln 0 at 0. */
    private static final double LEAST = 1e-37;

    /** Uses the default attributes: {@code fromLogits = true}. */
    public KlDivergence() {
        this(true);
    }

    @Override
    public NDArray unreduced(NDArray prediction, NDArray label) {
        NDArray y = Labels.like(name(), prediction, label);
        NDArray logP = fromLogits ? Dispatch.one(new LogSoftmax(-1), prediction) : prediction;
        return y.mul(y.clip(LEAST, Double.POSITIVE_INFINITY).log().sub(logP));
    }
}
