package io.kiln.nn.loss;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.DefaultValue;
import io.kiln.op.math.Elementwise;
import io.kiln.op.nn.Neural;
import java.util.List;
import java.util.OptionalLong;

/**
 * Cross-entropy of softmax probabilities that weights easy examples less: \(-w_y (1 - p_y)^\gamma \ln p_y\), from
 * logits along the last axis. Shapes: predictions [N,…,K]; labels [N,…] (or [N,…,1]) with classes 0..K-1 of any dtype.
 * The mean is \(\sum l / \sum w_y\) over the labels that are not ignored. T.-Y. Lin et al., ICCV 2017, for many
 * classes.
 *
 * @param gamma \(\gamma\), at least 0
 * @param ignoredLabel label of elements that do not count; empty if all count
 * @param classWeights w, one per class; empty if all classes count 1
 */
public record SoftmaxFocal(
        double gamma, @DefaultValue("null") OptionalLong ignoredLabel, @DefaultValue("[]") List<Double> classWeights)
        implements ClassLoss<SoftmaxFocal> {
    private static final double LEAST = 1e-30;

    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public SoftmaxFocal {
        if (!(gamma >= 0)) {
            throw new IllegalArgumentException("softmaxFocal: gamma must be >= 0, got " + gamma);
        }
        classWeights = ClassWeights.checked("softmaxFocal", classWeights);
    }

    /** Uses the paper's attributes: {@code gamma = 2}. */
    public SoftmaxFocal() {
        this(2);
    }

    /**
     * Creates the loss with equal weights for all labels and classes.
     *
     * @param gamma \(\gamma\), at least 0
     */
    public SoftmaxFocal(double gamma) {
        this(gamma, OptionalLong.empty(), List.of());
    }

    @Override
    public SoftmaxFocal with(OptionalLong ignored, List<Double> weights) {
        return new SoftmaxFocal(gamma, ignored, weights);
    }

    @Override
    public NDArray unreduced(NDArray prediction, NDArray label) {
        Shape p = prediction.shape();
        ClassWeights counts = ClassWeights.of(this);
        Labels.checkScores(name(), p);
        NDArray classes = Labels.classes(name(), p, label);
        NDArray entropy = Neural.softmaxCrossEntropy(prediction, counts.indices(classes));
        NDArray focus = Elementwise.expm1(entropy.neg()).neg().clip(LEAST, 1).pow(gamma);
        return counts.weigh(entropy.mul(focus), p, classes);
    }
}
