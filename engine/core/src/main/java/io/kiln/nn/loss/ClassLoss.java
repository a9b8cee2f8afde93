package io.kiln.nn.loss;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import java.util.List;
import java.util.OptionalLong;

/**
 * A loss for labels that are classes, with optional class weights and an optional ignored label.
 *
 * @param <L> the loss
 */
public sealed interface ClassLoss<L extends ClassLoss<L>> extends Loss
        permits Nll, SmoothedCrossEntropy, SoftmaxCrossEntropy, SoftmaxFocal {
    /** {@return the label of elements that do not count; empty if all count} */
    OptionalLong ignoredLabel();

    /** {@return a weight for each class; empty if all classes have weight 1} */
    List<Double> classWeights();

    /**
     * Returns this loss with another ignored label and other weights.
     *
     * @param ignored label of elements that do not count; empty if all count
     * @param weights one per class, at least 0; empty if all classes have weight 1
     * @return the new loss
     * @throws IllegalArgumentException if a weight is negative or not finite
     */
    L with(OptionalLong ignored, List<Double> weights);

    /**
     * Returns this loss with an ignored label.
     *
     * @param label the label, such as -100
     * @return the new loss
     */
    default L withIgnoredLabel(long label) {
        return with(OptionalLong.of(label), classWeights());
    }

    /**
     * Returns this loss with class weights.
     *
     * @param weights one per class, at least 0
     * @return the new loss
     * @throws IllegalArgumentException if a weight is negative or not finite
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
