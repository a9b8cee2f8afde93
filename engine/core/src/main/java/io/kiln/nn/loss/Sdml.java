package io.kiln.nn.loss;

import io.kiln.ndarray.NDArray;
import io.kiln.op.math.Elementwise;
import io.kiln.op.nn.Neural;
import io.kiln.op.reduce.Reductions;

/**
 * Smoothed deep metric learning: with p the softmax over j of \(-\|a_i - b_j\|^2\) and the smoothed labels
 * \(l_{ii} = 1 - s\), \(l_{ij} = \frac{s}{N-1}\), the divergence \(\sum_j l_{ij} (\ln l_{ij} - \ln p_{ij})\). P.
 * Bonadiman et al., arXiv:1905.12786.
 *
 * @param smoothing s, in (0, 1)
 */
public record Sdml(double smoothing) implements ViewLoss {
    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public Sdml {
        if (!(smoothing > 0 && smoothing < 1)) {
            throw new IllegalArgumentException("sdml: smoothing must be in (0, 1), got " + smoothing);
        }
    }

    /** Uses MXNet's attributes: {@code smoothing = 0.3}. */
    public Sdml() {
        this(0.3);
    }

    @Override
    public NDArray compute(NDArray first, NDArray second) {
        Views.check(name(), first, second);
        NDArray squares = Reductions.sum(first.square(), true, -1);
        NDArray others = Reductions.sum(second.square(), true, -1).reshape(1, -1);
        NDArray distance = squares.add(others).sub(Views.products(first, second).mul(2));
        NDArray logP = Neural.logSoftmax(distance.neg(), 1);
        NDArray same = Views.diagonal(first);
        NDArray rest = Elementwise.div(smoothing, Views.count(first).sub(1).clip(1, Double.POSITIVE_INFINITY));
        NDArray label = same.mul(1 - smoothing).add(Elementwise.sub(1, same).mul(rest));
        return label.mul(label.log().sub(logP)).sum(1);
    }
}
