package io.kiln.compile;

import io.kiln.ndarray.NDArray;
import java.util.List;

/**
 * A program as steps on slots, before its memory is planned.
 *
 * @param slots all values
 * @param constants arrays of the constants
 * @param forward steps up to the outputs and updates
 * @param backward steps that gradients need besides
 * @param outputs slots of the outputs, then of the gradients
 * @param outputCount how many of them are outputs
 * @param updates slots of the values that overwrite parameters after the forward steps
 * @param updated numbers of these parameters
 */
record Code(
        Slot[] slots,
        List<NDArray> constants,
        List<Step> forward,
        List<Step> backward,
        int[] outputs,
        int outputCount,
        int[] updates,
        int[] updated) {
    /** All steps in the order in which they run. */
    Step[] steps() {
        Step[] all = new Step[forward.size() + backward.size()];
        for (int i = 0; i < all.length; i++) {
            all[i] = i < forward.size() ? forward.get(i) : backward.get(i - forward.size());
        }
        return all;
    }
}
