package io.kiln.nn.loss;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.DefaultValue;
import io.kiln.op.math.Elementwise;
import java.util.List;
import java.util.OptionalLong;

/**
 * Binary cross-entropy from logits: \(-w y \ln \sigma(p) - (1 - y) \ln(1 - \sigma(p))\), computed without overflow as
 * \((1 + (w - 1) y)\,\mathrm{softplus}(p) - w p y\). Labels are from 0 to 1, with the shape of the predictions.
 * PyTorch's {@code binary_cross_entropy_with_logits(…, pos_weight)}: positive weights do not count in the mean's
 * denominator.
 *
 * @param ignoredLabel label of elements that do not count, such as -1; empty if all count
 * @param positiveWeights w, one for all elements, or one for each index of the last axis; empty for 1
 */
public record SigmoidBce(
        @DefaultValue("null") OptionalLong ignoredLabel, @DefaultValue("[]") List<Double> positiveWeights)
        implements Loss {
    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if a weight is negative or not finite
     */
    public SigmoidBce {
        positiveWeights = ClassWeights.checked("sigmoidBce", positiveWeights);
    }

    /** Creates the loss with equal weights for all labels. */
    public SigmoidBce() {
        this(OptionalLong.empty(), List.of());
    }

    /**
     * Returns this loss with an ignored label.
     *
     * @param label the label, such as -1
     * @return the new loss
     */
    public SigmoidBce withIgnoredLabel(long label) {
        return new SigmoidBce(OptionalLong.of(label), positiveWeights);
    }

    /**
     * Returns this loss with weights of positive labels.
     *
     * @param weights one for all elements, or one for each index of the last axis; at least 0
     * @return the new loss
     */
    public SigmoidBce withPositiveWeights(double... weights) {
        return new SigmoidBce(ignoredLabel, ClassWeights.list(weights));
    }

    @Override
    public NDArray unreduced(NDArray prediction, NDArray label) {
        NDArray given = Labels.like(name(), prediction, label);
        ClassWeights counts = new ClassWeights(name(), ignoredLabel, List.of());
        NDArray y = counts.indices(given);
        NDArray log = Elementwise.softplus(prediction);
        if (positiveWeights.isEmpty()) {
            return counts.without(log.sub(prediction.mul(y)), given);
        }
        NDArray wy;
        NDArray more;
        if (positiveWeights.size() == 1) {
            wy = y.mul(positiveWeights.get(0));
            more = y.mul(positiveWeights.get(0) - 1);
        } else {
            NDArray w = new ClassWeights(name(), ignoredLabel, positiveWeights)
                    .table("positiveWeights", prediction.factory(), prediction.shape(), prediction.dtype());
            wy = y.mul(w);
            more = y.mul(w.sub(1));
        }
        return counts.without(more.add(1).mul(log).sub(prediction.mul(wy)), given);
    }

    @Override
    public NDArray weights(Shape prediction, NDArray label) {
        return mask(prediction, label);
    }

    @Override
    public NDArray mask(Shape prediction, NDArray label) {
        ClassWeights counts = new ClassWeights(name(), ignoredLabel, List.of());
        return ignoredLabel.isEmpty() ? null : counts.mask(Labels.like(name(), prediction, label));
    }
}
