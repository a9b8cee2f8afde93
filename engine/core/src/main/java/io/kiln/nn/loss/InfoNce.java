package io.kiln.nn.loss;

import io.kiln.ndarray.NDArray;
import io.kiln.op.reduce.Reductions;

/**
 * Distinguishes each sample's second view from those of the other samples: with the cosines
 * \(s_{ij} = \cos(a_i, b_j) / \tau\), \(-s_{ii} + \ln \sum_j e^{s_{ij}}\); symmetric: the mean of this and the same
 * with a and b exchanged. A. van den Oord et al., arXiv:1807.03748; symmetric in A. Radford et al., ICML 2021.
 *
 * @param temperature \(\tau\), above 0
 * @param symmetric whether to distinguish both views
 */
public record InfoNce(double temperature, boolean symmetric) implements ViewLoss {
    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public InfoNce {
        if (!(temperature > 0)) {
            throw new IllegalArgumentException("infoNce: temperature must be > 0, got " + temperature);
        }
    }

    /** Uses the default attributes: {@code temperature = 0.07, symmetric = true}. */
    public InfoNce() {
        this(0.07, true);
    }

    @Override
    public NDArray compute(NDArray first, NDArray second) {
        Views.check(name(), first, second);
        NDArray a = Views.normalised(first);
        NDArray b = Views.normalised(second);
        NDArray own = a.mul(b).sum(-1).div(temperature);
        NDArray all = Views.products(a, b).div(temperature);
        NDArray rows = Reductions.logSumExp(all, 1).sub(own);
        return symmetric ? rows.add(Reductions.logSumExp(all, 0).sub(own)).mul(0.5) : rows;
    }
}
