package io.kiln.nn.loss;

import io.kiln.ndarray.NDArray;
import io.kiln.op.reduce.Reductions;
import io.kiln.op.shape.Movement;

/**
 * Normalised, temperature-scaled cross-entropy of SimCLR: each of the 2N views of a batch identifies its other view
 * among all except itself, with cosines over \(\tau\) as logits; a sample's loss is the mean of those of its two views.
 * T. Chen et al., ICML 2020.
 *
 * @param temperature \(\tau\), above 0
 */
public record NtXent(double temperature) implements ViewLoss {
    /** Far below every logit, and finite: the view itself is not a candidate. */
    private static final double NEVER = 1e9;

    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public NtXent {
        if (!(temperature > 0)) {
            throw new IllegalArgumentException("ntXent: temperature must be > 0, got " + temperature);
        }
    }

    /** Uses the default attributes: {@code temperature = 0.5}. */
    public NtXent() {
        this(0.5);
    }

    @Override
    public NDArray compute(NDArray first, NDArray second) {
        Views.check(name(), first, second);
        NDArray a = Views.normalised(first);
        NDArray b = Views.normalised(second);
        NDArray own = a.mul(b).sum(-1).div(temperature);
        NDArray never = Views.diagonal(first).mul(NEVER);
        NDArray across = Views.products(a, b).div(temperature);
        NDArray ofFirst =
                Movement.concat(1, Views.products(a, a).div(temperature).sub(never), across);
        NDArray ofSecond = Movement.concat(
                1,
                Views.products(b, b).div(temperature).sub(never),
                Views.products(b, a).div(temperature));
        return Reductions.logSumExp(ofFirst, 1)
                .add(Reductions.logSumExp(ofSecond, 1))
                .mul(0.5)
                .sub(own);
    }
}
