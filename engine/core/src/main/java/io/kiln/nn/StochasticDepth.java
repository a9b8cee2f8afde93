package io.kiln.nn;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.nn.Neural;

/**
 * Drops whole samples in train mode: y is 0 with the probability of the rate, otherwise x / (1 - rate). At the end of
 * the body of a {@link Residual} it lets a sample skip that body. Shapes: y as x. G. Huang et al., ECCV 2016.
 */
public final class StochasticDepth extends Block {
    private final double rate;

    /**
     * Creates a layer.
     *
     * @param rate probability that a sample is dropped, in [0, 1)
     */
    public StochasticDepth(double rate) {
        if (!(rate >= 0 && rate < 1)) {
            throw new IllegalArgumentException("stochasticDepth: rate must be in [0, 1), got " + rate);
        }
        this.rate = rate;
    }

    @Override
    public NDArray forward(NDArray x) {
        Shape s = x.shape();
        NDArray first = x;
        for (int i = 1; i < s.rank(); i++) {
            first = first.slice(i, 0, 1);
        }
        // 1 for every element, including NaN
        NDArray ones = first.isNan().cast(x.dtype()).mul(0).add(1);
        return x.mul(Neural.dropout(ones, rate));
    }
}
