package io.kiln.nn.loss;

import io.kiln.ndarray.NDArray;

/** A loss of three arrays, for networks that embed several inputs. Implementations are records, as for {@link Loss}. */
public interface PairLoss {
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
     * @param first the first array, [N,…]
     * @param second the second array, [N,…]
     * @param third the third array
     * @return the losses, [N]
     */
    NDArray compute(NDArray first, NDArray second, NDArray third);

    /**
     * The loss of each sample, times its weight.
     *
     * @param first the first array, [N,…]
     * @param second the second array, [N,…]
     * @param third the third array
     * @param weight weights of the samples, [N] or [N,1]
     * @return the weighted losses, [N]
     */
    default NDArray compute(NDArray first, NDArray second, NDArray third, NDArray weight) {
        NDArray losses = compute(first, second, third);
        return losses.mul(Labels.perSample(name(), weight, losses));
    }
}
