package io.kiln.nn.loss;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.DefaultValue;
import io.kiln.op.Dispatch;
import io.kiln.op.index.Indexing;
import io.kiln.op.internal.ClassIndices;
import java.util.List;
import java.util.OptionalLong;

/**
 * Negative log likelihood of classes, from log probabilities along the last axis, as returned by a network that ends
 * with a log-softmax: \(-w_y x_y\). Shapes: predictions [N,…,K]; labels [N,…] (or [N,…,1]) with classes 0..K-1 of any
 * dtype. PyTorch's {@code nll_loss}: the mean is \(\sum l / \sum w_y\) over the labels that are not ignored.
 *
 * @param ignoredLabel label of elements that do not count; empty if all count
 * @param classWeights w, one per class; empty if all classes count 1
 */
public record Nll(@DefaultValue("null") OptionalLong ignoredLabel, @DefaultValue("[]") List<Double> classWeights)
        implements ClassLoss<Nll> {
    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if a weight is negative or not finite
     */
    public Nll {
        classWeights = ClassWeights.checked("nll", classWeights);
    }

    /** Creates the loss with equal weights for all labels and classes. */
    public Nll() {
        this(OptionalLong.empty(), List.of());
    }

    @Override
    public Nll with(OptionalLong ignored, List<Double> weights) {
        return new Nll(ignored, weights);
    }

    @Override
    public NDArray unreduced(NDArray prediction, NDArray label) {
        Shape p = prediction.shape();
        ClassWeights counts = ClassWeights.of(this);
        Labels.checkScores(name(), p);
        NDArray classes = Labels.classes(name(), p, label);
        NDArray indices = Dispatch.one(new ClassIndices(name(), p.dim(-1)), counts.indices(classes))
                .expandDims(-1);
        NDArray losses =
                Indexing.gatherAlong(prediction, indices, -1).squeeze(-1).neg();
        return counts.weigh(losses, p, classes);
    }
}
