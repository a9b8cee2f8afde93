package io.kiln.nn.loss;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.DefaultValue;
import io.kiln.op.nn.Neural;
import java.util.List;
import java.util.OptionalLong;

/**
 * Cross-entropy with label smoothing, from logits along the last axis:
 * \((1 - \alpha)(-w_y \ln p_y) + \frac\alpha K \sum_k (-w_k \ln p_k)\). Shapes: predictions [N,…,K]; labels [N,…] (or
 * [N,…,1]) with classes 0..K-1 of any dtype. The mean is \(\sum l / \sum w_y\) over the labels that are not ignored, as
 * PyTorch's {@code cross_entropy(…, label_smoothing)}. C. Szegedy et al., CVPR 2016, where \(\alpha = 0.1\).
 *
 * @param smoothing \(\alpha\), in [0, 1)
 * @param ignoredLabel label of elements that do not count; empty if all count
 * @param classWeights w, one per class; empty if all classes count 1
 */
public record SmoothedCrossEntropy(
        double smoothing,
        @DefaultValue("null") OptionalLong ignoredLabel,
        @DefaultValue("[]") List<Double> classWeights)
        implements ClassLoss<SmoothedCrossEntropy> {
    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public SmoothedCrossEntropy {
        if (!(smoothing >= 0 && smoothing < 1)) {
            throw new IllegalArgumentException("smoothedCrossEntropy: smoothing must be in [0, 1), got " + smoothing);
        }
        classWeights = ClassWeights.checked("smoothedCrossEntropy", classWeights);
    }

    /** Uses the paper's attributes: {@code smoothing = 0.1}. */
    public SmoothedCrossEntropy() {
        this(0.1);
    }

    /**
     * Creates the loss with equal weights for all labels and classes.
     *
     * @param smoothing \(\alpha\), in [0, 1)
     */
    public SmoothedCrossEntropy(double smoothing) {
        this(smoothing, OptionalLong.empty(), List.of());
    }

    @Override
    public SmoothedCrossEntropy with(OptionalLong ignored, List<Double> weights) {
        return new SmoothedCrossEntropy(smoothing, ignored, weights);
    }

    @Override
    public NDArray unreduced(NDArray prediction, NDArray label) {
        Shape p = prediction.shape();
        ClassWeights counts = ClassWeights.of(this);
        Labels.checkScores(name(), p);
        NDArray classes = Labels.classes(name(), p, label);
        NDArray hard = counts.weigh(Neural.softmaxCrossEntropy(prediction, counts.indices(classes)), p, classes);
        NDArray logP = Neural.logSoftmax(prediction, -1);
        NDArray weighted = classWeights.isEmpty() ? logP : logP.mul(counts.table(logP.factory(), p, logP.dtype()));
        NDArray even = weighted.mean(-1).neg();
        return counts.without(hard.mul(1 - smoothing).add(even.mul(smoothing)), classes);
    }
}
