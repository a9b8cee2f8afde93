package io.kiln.nn.loss;

import io.kiln.ndarray.NDArray;
import io.kiln.op.math.Elementwise;

/**
 * Pulls pairs of vectors together or pushes them apart by their angle: with \(c = \cos(a, b)\) over the last axis,
 * \(1 - c\) if the label is 1, \(\max(0, c - m)\) if it is -1. Shapes: a and b [N,…,n], label [N,…].
 *
 * @param margin m, in [-1, 1]
 */
public record CosineEmbedding(double margin) implements PairLoss {
    private static final double EPSILON = 1e-12;

    /** Uses the default attributes: {@code margin = 0}. */
    public CosineEmbedding() {
        this(0);
    }

    @Override
    public NDArray compute(NDArray first, NDArray second, NDArray label) {
        NDArray product = first.mul(second).sum(-1);
        NDArray norms = first.square().sum(-1).mul(second.square().sum(-1));
        NDArray cosine = product.div(
                norms.clip(EPSILON * EPSILON, Double.POSITIVE_INFINITY).sqrt());
        NDArray y = Labels.like(name(), cosine, label);
        NDArray apart = cosine.sub(margin).relu();
        return Labels.mean(Elementwise.where(y.gt(0), Elementwise.sub(1, cosine), apart));
    }
}
