package io.kiln.nn.loss;

import io.kiln.ndarray.NDArray;

/**
 * How far predictions are from labels. Implementations are records in this package: their components are written to JSON. They
 * are written with operators, so a loss is differentiated and traced as any network.
 *
 * <p>A loss gives one value per sample: the mean over all axes but the batch.
 */
public interface Loss {
    /**
     * The name used in JSON: the class name with a small first letter.
     *
     * @return the name
     */
    default String name() {
        String s = getClass().getSimpleName();
        return Character.toLowerCase(s.charAt(0)) + s.substring(1);
    }

    /**
     * The loss of each sample.
     *
     * @param prediction what the network gave, [N,…], floating
     * @param label what it should have given, [N,…], of any dtype
     * @return the losses, [N]
     */
    NDArray compute(NDArray prediction, NDArray label);

    /**
     * The loss of each sample, times its weight.
     *
     * @param prediction what the network gave, [N,…], floating
     * @param label what it should have given, [N,…], of any dtype
     * @param weight weights of the samples, [N] or [N,1]
     * @return the weighted losses, [N]
     */
    default NDArray compute(NDArray prediction, NDArray label, NDArray weight) {
        NDArray losses = compute(prediction, label);
        return losses.mul(Labels.perSample(name(), weight, losses));
    }

    /**
     * The mean loss of a batch: what a training step differentiates.
     *
     * @param prediction what the network gave, [N,…], floating
     * @param label what it should have given, [N,…], of any dtype
     * @return the mean over all samples, []
     */
    default NDArray mean(NDArray prediction, NDArray label) {
        return compute(prediction, label).mean();
    }

    /**
     * The weighted mean loss of a batch: \(\sum w_i l_i / \sum w_i\).
     *
     * @param prediction what the network gave, [N,…], floating
     * @param label what it should have given, [N,…], of any dtype
     * @param weight weights of the samples, [N] or [N,1]
     * @return the mean over all samples, []
     */
    default NDArray mean(NDArray prediction, NDArray label, NDArray weight) {
        NDArray losses = compute(prediction, label);
        NDArray w = Labels.perSample(name(), weight, losses);
        return losses.mul(w).sum().div(w.sum());
    }
}
