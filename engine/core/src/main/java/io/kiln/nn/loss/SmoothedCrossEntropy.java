package io.kiln.nn.loss;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.op.Neural;

/**
 * Cross-entropy with label smoothing, from logits along the last axis:
 * \((1 - \alpha)(-\ln p_y) + \frac\alpha K \sum_k (-\ln p_k)\). Shapes: predictions [N,…,K]; labels [N,…] (or [N,…,1]) with
 * classes 0..K-1 of any dtype. C. Szegedy et al., CVPR 2016, where \(\alpha = 0.1\).
 *
 * @param smoothing \(\alpha\), in [0, 1)
 */
public record SmoothedCrossEntropy(double smoothing) implements Loss {
    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException when one is out of range
     */
    public SmoothedCrossEntropy {
        if (!(smoothing >= 0 && smoothing < 1)) {
            throw new IllegalArgumentException("smoothedCrossEntropy: smoothing must be in [0, 1), got " + smoothing);
        }
    }

    /** The paper's attributes: {@code smoothing = 0.1}. */
    public SmoothedCrossEntropy() {
        this(0.1);
    }

    @Override
    public NDArray compute(NDArray prediction, NDArray label) {
        Shape p = prediction.shape();
        if (p.rank() < 2) {
            throw new ShapeException(name() + ": needs predictions[N,…,classes], got prediction" + p);
        }
        NDArray hard = Neural.softmaxCrossEntropy(prediction, Labels.classes(name(), prediction, label));
        NDArray even = Neural.logSoftmax(prediction, -1).mean(-1).neg();
        return Labels.mean(hard.mul(1 - smoothing).add(even.mul(smoothing)));
    }
}
