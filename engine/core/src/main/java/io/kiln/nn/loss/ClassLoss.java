package io.kiln.nn.loss;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import java.util.List;
import java.util.OptionalLong;

/**
 * A loss for labels that are classes, one of which may count nothing, and which may have weights.
 *
 * @param <L> the loss
 */
public sealed interface ClassLoss<L extends ClassLoss<L>> extends Loss
        permits Nll, SmoothedCrossEntropy, SoftmaxCrossEntropy, SoftmaxFocal {
    /** {@return the label of elements that count nothing; empty when all count} */
    OptionalLong ignoredLabel();

    /** {@return a weight for each class; empty when all classes count 1} */
    List<Double> classWeights();

    /**
     * This loss with other counts.
     *
     * @param ignored label of elements that count nothing; empty when all count
     * @param weights one per class, at least 0; empty when all classes count 1
     * @return the new loss
     * @throws IllegalArgumentException when a weight is negative or not finite
     */
    L with(OptionalLong ignored, List<Double> weights);

    /**
     * This loss with a label that counts nothing.
     *
     * @param label the label, such as -100
     * @return the new loss
     */
    default L withIgnoredLabel(long label) {
        return with(OptionalLong.of(label), classWeights());
    }

    /**
     * This loss with weights of classes.
     *
     * @param weights one per class, at least 0
     * @return the new loss
     * @throws IllegalArgumentException when a weight is negative or not finite
     */
    default L withClassWeights(double... weights) {
        return with(ignoredLabel(), ClassWeights.list(weights));
    }

    @Override
    default NDArray weights(Shape prediction, NDArray label) {
        ClassWeights counts = ClassWeights.of(this);
        return counts.isEmpty() ? null : counts.of(prediction, Labels.classes(name(), prediction, label));
    }

    @Override
    default NDArray mask(Shape prediction, NDArray label) {
        return ignoredLabel().isEmpty() ? null : ClassWeights.of(this).mask(Labels.classes(name(), prediction, label));
    }
}
