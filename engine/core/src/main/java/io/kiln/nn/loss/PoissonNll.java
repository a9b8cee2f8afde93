package io.kiln.nn.loss;

import io.kiln.ndarray.NDArray;

/**
 * Negative log likelihood of counts under a Poisson distribution with rate \(\lambda\): \(\lambda - y \ln \lambda\),
 * without the term \(\ln y!\), which does not depend on the prediction. Labels have the shape of the predictions.
 *
 * @param fromLogits whether predictions are \(\ln \lambda\) instead of \(\lambda\)
 */
public record PoissonNll(boolean fromLogits) implements Loss {
    private static final double EPSILON = 1e-8;

    /** Uses the default attributes: {@code fromLogits = true}. */
    public PoissonNll() {
        this(true);
    }

    @Override
    public NDArray unreduced(NDArray prediction, NDArray label) {
        NDArray y = Labels.like(name(), prediction, label);
        return fromLogits
                ? prediction.exp().sub(prediction.mul(y))
                : prediction.sub(prediction.add(EPSILON).log().mul(y));
    }
}
