package io.kiln.nn.loss;

import io.kiln.ndarray.NDArray;
import io.kiln.op.math.Elementwise;

/**
 * Binary cross-entropy that weights easy examples less, from logits: with \(p = \sigma(x)\) and
 * \(q = y p + (1 - y)(1 - p)\), \(-a\,(1 - q)^\gamma (y \ln p + (1 - y) \ln(1 - p))\), where
 * \(a = \alpha y + (1 - \alpha)(1 - y)\). Labels are from 0 to 1, with the shape of the predictions. T.-Y. Lin et al.,
 * ICCV 2017.
 *
 * @param gamma \(\gamma\), at least 0
 * @param alpha \(\alpha\), weight of positive examples, in [0, 1]
 */
public record Focal(double gamma, double alpha) implements Loss {
    private static final double LEAST = 1e-30;

    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public Focal {
        if (!(gamma >= 0 && alpha >= 0 && alpha <= 1)) {
            throw new IllegalArgumentException(
                    "focal: gamma must be >= 0 and alpha in [0, 1], got " + gamma + " and " + alpha);
        }
    }

    /** Uses the paper's attributes: {@code gamma = 2, alpha = 0.25}. */
    public Focal() {
        this(2, 0.25);
    }

    @Override
    public NDArray unreduced(NDArray prediction, NDArray label) {
        NDArray y = Labels.like(name(), prediction, label);
        NDArray entropy = Elementwise.softplus(prediction).sub(prediction.mul(y));
        NDArray negative = Elementwise.sub(1, y);
        // 1 - q = y σ(-x) + (1 - y) σ(x), which keeps its precision if q is near 1
        NDArray miss = y.mul(prediction.neg().sigmoid()).add(negative.mul(prediction.sigmoid()));
        NDArray focus = miss.clip(LEAST, 1).pow(gamma);
        NDArray weight = y.mul(alpha).add(negative.mul(1 - alpha));
        return entropy.mul(focus).mul(weight);
    }
}
