package io.kiln.nn.loss;

import io.kiln.ndarray.NDArray;
import io.kiln.op.math.Elementwise;

/**
 * Pulls pairs of vectors together or pushes them apart by their distance: with \(d = \|a - b\|\) over all axes except
 * the batch, \(\frac12 d^2\) if the label is above 0, otherwise \(\frac12 \max(0, m - d)^2\). Shapes: a and b equal,
 * label [N]. R. Hadsell et al., CVPR 2006.
 *
 * @param margin m, above 0
 */
public record Contrastive(double margin) implements PairLoss {
    /** Keeps the root's gradient finite where a = b. */
    private static final double LEAST = 1e-24;

    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public Contrastive {
        if (!(margin > 0)) {
            throw new IllegalArgumentException("contrastive: margin must be > 0, got " + margin);
        }
    }

    /** Uses the default attributes: {@code margin = 1}. */
    public Contrastive() {
        this(1);
    }

    @Override
    public NDArray compute(NDArray first, NDArray second, NDArray label) {
        NDArray square =
                Labels.sum(first.sub(Labels.like(name(), first, second)).square());
        NDArray distance = square.clip(LEAST, Double.POSITIVE_INFINITY).sqrt();
        NDArray apart = distance.neg().add(margin).relu().square();
        NDArray y = Labels.like(name(), square, label);
        return Elementwise.where(y.gt(0), square, apart).mul(0.5);
    }
}
