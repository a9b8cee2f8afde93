package io.kiln.nn.loss;

import io.kiln.ndarray.NDArray;

/**
 * A loss of two embeddings of the same samples, which compares each sample with the other samples of the batch.
 * Implementations are records, as for {@link Loss}.
 */
public interface ViewLoss {
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
     * The loss of each sample.
     *
     * @param first embeddings of one view, [N,n]
     * @param second embeddings of the other view, [N,n]
     * @return the losses, [N]
     */
    NDArray compute(NDArray first, NDArray second);

    /**
     * The loss of each sample, times its weight.
     *
     * @param first embeddings of one view, [N,n]
     * @param second embeddings of the other view, [N,n]
     * @param weight weights of the samples, [N] or [N,1]
     * @return the weighted losses, [N]
     */
    default NDArray compute(NDArray first, NDArray second, NDArray weight) {
        NDArray losses = compute(first, second);
        return losses.mul(Labels.perSample(name(), weight, losses));
    }
}
