package io.kiln.nn.loss;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.Creation;

/**
 * A measure of how far predictions are from labels. Implementations are records in this package: their components are
 * written to JSON. They are written with operators, so a loss is differentiated and traced like any network.
 *
 * <p>A loss is defined element by element ({@link #unreduced}): per sample, per token, per pixel. {@link #compute}
 * returns the mean of each sample, over all axes except the batch. {@link #mean} returns that of the batch like
 * PyTorch's {@code reduction="mean"}: the sum of the elements' losses, divided by the sum of their
 * {@linkplain #weights weights}; elements with an ignored label have weight 0, others the weight of their class. To
 * train on several batches or workers at once, add both {@link #sums} and divide once.
 *
 * <p>Weights passed to {@code compute}, {@code mean} and {@code sums} are per sample, [N] or [N,1], or per element:
 * [N,…] with the leading axes of {@link #unreduced}, each equal or 1.
 */
public interface Loss {
    /**
     * The name used in JSON: the class name with a lower-case first letter.
     *
     * @return the name
     */
    default String name() {
        String s = getClass().getSimpleName();
        return Character.toLowerCase(s.charAt(0)) + s.substring(1);
    }

    /**
     * The shape of a sample's labels, for losses of numbers.
     *
     * @param prediction the shape of a sample's predictions
     * @return the same shape, unless the loss says otherwise
     */
    default Shape labelRow(Shape prediction) {
        return prediction;
    }

    /**
     * The loss of each element, times its class weight if the loss has such weights; PyTorch's
     * {@code reduction="none"}.
     *
     * @param prediction the predictions, [N,…], floating
     * @param label the labels, [N,…], of any dtype
     * @return the losses, [N] or [N,…]
     */
    NDArray unreduced(NDArray prediction, NDArray label);

    /**
     * The weight of each element in a mean: 0 if its label is ignored, otherwise the weight of its class.
     *
     * @param prediction shape of the predictions
     * @param label the labels, [N,…]
     * @return weights of the shape of {@link #unreduced}, which do not depend on the predictions; null if all are 1
     */
    default NDArray weights(Shape prediction, NDArray label) {
        return null;
    }

    /**
     * Which labels count at all, for metrics besides the loss.
     *
     * @param prediction shape of the predictions
     * @param label the labels, [N,…]
     * @return 1, or 0 if the label is ignored, of the shape of {@link #unreduced}; null if none is ignored
     */
    default NDArray mask(Shape prediction, NDArray label) {
        return null;
    }

    /**
     * The loss of each sample: the mean over its elements.
     *
     * @param prediction the predictions, [N,…], floating
     * @param label the labels, [N,…], of any dtype
     * @return the losses, [N]
     */
    default NDArray compute(NDArray prediction, NDArray label) {
        return Labels.mean(unreduced(prediction, label));
    }

    /**
     * The loss of each sample with weights: the mean over its elements, each times its weight.
     *
     * @param prediction the predictions, [N,…], floating
     * @param label the labels, [N,…], of any dtype
     * @param weight weights per sample or per element
     * @return the weighted losses, [N]
     */
    default NDArray compute(NDArray prediction, NDArray label, NDArray weight) {
        NDArray each = unreduced(prediction, label);
        if (Labels.isPerSample(weight)) {
            NDArray losses = Labels.mean(each);
            return losses.mul(Labels.perSample(name(), weight, losses));
        }
        return Labels.mean(each.mul(Labels.perElement(name(), weight, each)));
    }

    /**
     * The mean loss of a batch, which a training step differentiates. It is 0 if all labels are ignored.
     *
     * @param prediction the predictions, [N,…], floating
     * @param label the labels, [N,…], of any dtype
     * @return the mean over all elements that count, []
     */
    default NDArray mean(NDArray prediction, NDArray label) {
        if (weights(prediction.shape(), label) == null) {
            return compute(prediction, label).mean();
        }
        NDArray[] sums = sums(prediction, label);
        return Labels.quotient(sums[0], sums[1]);
    }

    /**
     * The weighted mean loss of a batch: \(\sum w_i l_i / \sum w_i\).
     *
     * @param prediction the predictions, [N,…], floating
     * @param label the labels, [N,…], of any dtype
     * @param weight weights per sample or per element
     * @return the mean over all elements that count, []; 0 if all labels are ignored
     * @throws IllegalArgumentException if all weights are 0
     */
    default NDArray mean(NDArray prediction, NDArray label, NDArray weight) {
        Labels.checkWeight(name(), weight);
        NDArray[] sums = sums(prediction, label, weight);
        return Labels.quotient(sums[0], sums[1]);
    }

    /**
     * Numerator and denominator of {@link #mean(NDArray, NDArray)}. Each sample has weight 1 if a loss has no
     * {@link #weights}.
     *
     * @param prediction the predictions, [N,…], floating
     * @param label the labels, [N,…], of any dtype
     * @return the sum of weighted losses and the sum of weights, each []
     */
    default NDArray[] sums(NDArray prediction, NDArray label) {
        NDArray each = unreduced(prediction, label);
        NDArray own = weights(prediction.shape(), label);
        if (own == null) {
            NDArray losses = Labels.mean(each);
            return new NDArray[] {losses.sum(), Creation.onesLike(losses).sum()};
        }
        return new NDArray[] {each.sum(), own.cast(each.dtype()).sum()};
    }

    /**
     * Numerator and denominator of {@link #mean(NDArray, NDArray, NDArray)}.
     *
     * @param prediction the predictions, [N,…], floating
     * @param label the labels, [N,…], of any dtype
     * @param weight weights per sample or per element
     * @return the sum of weighted losses and the sum of weights, each []
     */
    default NDArray[] sums(NDArray prediction, NDArray label, NDArray weight) {
        NDArray each = unreduced(prediction, label);
        NDArray own = weights(prediction.shape(), label);
        if (own == null && Labels.isPerSample(weight)) {
            NDArray losses = Labels.mean(each);
            NDArray w = Labels.perSample(name(), weight, losses);
            return new NDArray[] {losses.mul(w).sum(), w.sum()};
        }
        NDArray w = Labels.perElement(name(), weight, each);
        NDArray counted = own == null ? Creation.onesLike(each) : own.cast(each.dtype());
        return new NDArray[] {each.mul(w).sum(), counted.mul(w).sum()};
    }
}
