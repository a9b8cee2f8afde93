package io.kiln.nn.loss;

import io.kiln.ndarray.NDArray;

/**
 * Pulls a positive example towards an anchor and pushes a negative one away:
 * \(\max(0, \|a - p\|^2 - \|a - n\|^2 + m)\), with squared distances over all axes except the batch. Shapes: a, p and n
 * equal. F. Schroff et al., CVPR 2015.
 *
 * @param margin m, above 0
 */
public record Triplet(double margin) implements PairLoss {
    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public Triplet {
        if (!(margin > 0)) {
            throw new IllegalArgumentException("triplet: margin must be > 0, got " + margin);
        }
    }

    /** Uses the default attributes: {@code margin = 1}. */
    public Triplet() {
        this(1);
    }

    @Override
    public NDArray compute(NDArray anchor, NDArray positive, NDArray negative) {
        NDArray p = Labels.like(name(), anchor, positive);
        NDArray n = Labels.like(name(), anchor, negative);
        NDArray distance = Labels.sum(anchor.sub(p).square().sub(anchor.sub(n).square()));
        return distance.add(margin).relu();
    }
}
