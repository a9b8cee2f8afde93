package io.kiln.nn.loss;

import io.kiln.ndarray.NDArray;

/**
 * Hinge loss \(\max(0, m - y p)\) for labels of -1 and 1, with the shape of the predictions.
 *
 * @param margin m, above 0
 */
public record Hinge(double margin) implements Loss {
    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public Hinge {
        if (!(margin > 0)) {
            throw new IllegalArgumentException("hinge: margin must be > 0, got " + margin);
        }
    }

    /** Uses the default attributes: {@code margin = 1}. */
    public Hinge() {
        this(1);
    }

    @Override
    public NDArray unreduced(NDArray prediction, NDArray label) {
        NDArray y = Labels.like(name(), prediction, label);
        return prediction.mul(y).neg().add(margin).relu();
    }
}
