package io.kiln.nn.loss;

import io.kiln.ndarray.NDArray;
import io.kiln.op.math.Elementwise;

/**
 * How little a predicted region overlaps with the given one: \(1 - \frac{2 \sum p y + s}{\sum p + \sum y + s}\), with sums
 * over all axes but the batch. Labels are 0, 1 or between, of the shape of the predictions. F. Milletari et al., 3DV 2016.
 *
 * @param fromLogits whether predictions are logits, of which \(p = \sigma(x)\), instead of probabilities
 * @param smooth s, above 0
 */
public record Dice(boolean fromLogits, double smooth) implements Loss {
    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException when one is out of range
     */
    public Dice {
        if (!(smooth > 0)) {
            throw new IllegalArgumentException("dice: smooth must be > 0, got " + smooth);
        }
    }

    /** The customary attributes: {@code fromLogits = true, smooth = 1}. */
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
