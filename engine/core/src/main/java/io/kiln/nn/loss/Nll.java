package io.kiln.nn.loss;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.DefaultValue;
import io.kiln.op.index.Indexing;
import java.util.List;
import java.util.OptionalLong;

/**
 * Negative log likelihood of classes, from logarithms of probabilities along the last axis, as a network that ends with a
 * log-softmax gives them: \(-w_y x_y\). Shapes: predictions [N,…,K]; labels [N,…] (or [N,…,1]) with classes 0..K-1 of any dtype.
 * PyTorch's {@code nll_loss}: the mean is \(\sum l / \sum w_y\) over the labels that are not ignored.
 *
 * @param ignoredLabel label of elements that count nothing; empty when all count
 * @param classWeights w, one per class; empty when all classes count 1
 */
public record Nll(@DefaultValue("null") OptionalLong ignoredLabel, @DefaultValue("[]") List<Double> classWeights)
        implements Loss {
    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException when a weight is negative or not finite
     */
    public Nll {
        classWeights = ClassWeights.checked("nll", classWeights);
    }

    /** All labels and classes count alike. */
    public Nll() {
        this(OptionalLong.empty(), List.of());
    }

    /**
     * This loss with a label that counts nothing.
     *
     * @param label the label, such as -100
     * @return the new loss
     */
    public Nll withIgnoredLabel(long label) {
        return new Nll(OptionalLong.of(label), classWeights);
    }

    /**
     * This loss with weights of classes.
     *
     * @param weights one per class, at least 0
     * @return the new loss
     */
    public Nll withClassWeights(double... weights) {
        return new Nll(ignoredLabel, ClassWeights.list(weights));
    }

    private ClassWeights counts() {
        return new ClassWeights(name(), ignoredLabel, classWeights);
    }

    @Override
    public NDArray unreduced(NDArray prediction, NDArray label) {
        Shape p = prediction.shape();
        Labels.checkScores(name(), p);
        NDArray classes = Labels.classes(name(), p, label);
        NDArray indices = counts().indices(classes).cast(DType.INT32).expandDims(-1);
        NDArray losses =
                Indexing.gatherAlong(prediction, indices, -1).squeeze(-1).neg();
        return counts().weigh(losses, p, classes);
    }

    @Override
    public NDArray weights(Shape prediction, NDArray label) {
        return counts().isEmpty() ? null : counts().of(prediction, Labels.classes(name(), prediction, label));
    }

    @Override
    public NDArray mask(Shape prediction, NDArray label) {
        return ignoredLabel.isEmpty() ? null : counts().mask(Labels.classes(name(), prediction, label));
    }
}
