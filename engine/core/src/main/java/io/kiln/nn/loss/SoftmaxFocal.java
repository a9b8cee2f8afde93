package io.kiln.nn.loss;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.ShapeException;
import io.kiln.op.Elementwise;
import io.kiln.op.Neural;

/**
 * Cross-entropy of softmax probabilities that counts easy examples less: \(-(1 - p_y)^\gamma \ln p_y\), from logits along the
 * last axis. Shapes: predictions [N,…,K]; labels [N,…] (or [N,…,1]) with classes 0..K-1 of any dtype. T.-Y. Lin et al., ICCV
 * 2017, for many classes.
 *
 * @param gamma \(\gamma\), at least 0
 */
public record SoftmaxFocal(double gamma) implements Loss {
    private static final double LEAST = 1e-30;

    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException when one is out of range
     */
    public SoftmaxFocal {
        if (!(gamma >= 0)) {
            throw new IllegalArgumentException("softmaxFocal: gamma must be >= 0, got " + gamma);
        }
    }

    /** The paper's attributes: {@code gamma = 2}. */
    public SoftmaxFocal() {
        this(2);
    }

    @Override
    public NDArray compute(NDArray prediction, NDArray label) {
        if (prediction.shape().rank() < 2) {
            throw new ShapeException(name() + ": needs predictions[N,…,classes], got prediction" + prediction.shape());
        }
        NDArray entropy = Neural.softmaxCrossEntropy(prediction, Labels.classes(name(), prediction, label));
        NDArray focus = Elementwise.expm1(entropy.neg()).neg().clip(LEAST, 1).pow(gamma);
        return Labels.mean(entropy.mul(focus));
    }
}
