package io.kiln.nn.loss;

import io.kiln.ndarray.NDArray;
import io.kiln.op.math.Elementwise;

/**
 * One minus the overlap of a predicted region with the given one: \(1 - \frac{2 \sum p y + s}{\sum p + \sum y + s}\),
 * with sums over all axes except the batch. Labels are from 0 to 1, with the shape of the predictions. F. Milletari et
 * al., 3DV 2016.
 *
 * @param fromLogits whether predictions are logits, with \(p = \sigma(x)\), instead of probabilities
 * @param smooth s, above 0
 */
public record Dice(boolean fromLogits, double smooth) implements Loss {
    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public Dice {
        if (!(smooth > 0)) {
            throw new IllegalArgumentException("dice: smooth must be > 0, got " + smooth);
        }
    }

    /** Uses the default attributes: {@code fromLogits = true, smooth = 1}. */
    public Dice() {
        this(true, 1);
    }

    @Override
    public NDArray unreduced(NDArray prediction, NDArray label) {
        NDArray y = Labels.like(name(), prediction, label);
        NDArray p = fromLogits ? prediction.sigmoid() : prediction;
        NDArray overlap = Labels.sum(p.mul(y)).mul(2).add(smooth);
        return Elementwise.sub(1, overlap.div(Labels.sum(p.add(y)).add(smooth)));
    }
}
