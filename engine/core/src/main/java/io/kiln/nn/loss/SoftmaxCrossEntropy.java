package io.kiln.nn.loss;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.DefaultValue;
import io.kiln.op.Dispatch;
import io.kiln.op.activation.LogSoftmax;
import io.kiln.op.nn.Neural;
import java.util.List;
import java.util.OptionalLong;

/**
 * Cross-entropy of softmax probabilities, from logits along the last axis: \(-w_y \ln p_y\) for classes, or \(-\sum_k
 * w_k y_k \ln p_k\) for distributions. Shapes: predictions [N,…,K]; labels [N,…] (or [N,…,1]) with classes 0..K-1 of
 * any dtype, or distributions [N,…,K]. (With K = 1 a label of shape [N,1] is a class.) PyTorch's {@code cross_entropy}:
 * the mean is \(\sum l / \sum w_y\) over the labels that are not ignored for classes, and over all labels for
 * distributions.
 *
 * <pre>{@code
 * Loss loss = new SoftmaxCrossEntropy().withIgnoredLabel(-100).withClassWeights(1, 1, 5);
 * }</pre>
 *
 * @param ignoredLabel label of elements that do not count; empty if all count
 * @param classWeights w, one per class; empty if all classes count 1
 */
public record SoftmaxCrossEntropy(
        @DefaultValue("null") OptionalLong ignoredLabel, @DefaultValue("[]") List<Double> classWeights)
        implements ClassLoss<SoftmaxCrossEntropy> {
    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if a weight is negative or not finite
     */
    public SoftmaxCrossEntropy {
        classWeights = ClassWeights.checked("softmaxCrossEntropy", classWeights);
    }

    /** Creates the loss with equal weights for all labels and classes. */
    public SoftmaxCrossEntropy() {
        this(OptionalLong.empty(), List.of());
    }

    @Override
    public SoftmaxCrossEntropy with(OptionalLong ignored, List<Double> weights) {
        return new SoftmaxCrossEntropy(ignored, weights);
    }

    @Override
    public NDArray unreduced(NDArray prediction, NDArray label) {
        Shape p = prediction.shape();
        ClassWeights counts = ClassWeights.of(this);
        Labels.checkScores(name(), p);
        if (Labels.isDistribution(p, label)) {
            NDArray y = Labels.like(name(), prediction, label);
            NDArray logP = Dispatch.one(new LogSoftmax(-1), prediction);
            NDArray weighted = classWeights.isEmpty() ? logP : logP.mul(counts.table(logP.factory(), p, logP.dtype()));
            return weighted.mul(y).sum(-1).neg();
        }
        NDArray classes = Labels.classes(name(), prediction.shape(), label);
        NDArray losses = Neural.softmaxCrossEntropy(prediction, counts.indices(classes));
        return counts.weigh(losses, p, classes);
    }

    @Override
    public NDArray weights(Shape prediction, NDArray label) {
        if (Labels.isDistribution(prediction, label)) {
            if (ignoredLabel.isPresent()) {
                throw new IllegalArgumentException(name() + ": ignoredLabel is for classes, got distributions"
                        + label.shape() + "; weight them instead");
            }
            return null;
        }
        return ClassLoss.super.weights(prediction, label);
    }
}
