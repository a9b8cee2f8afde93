package io.kiln.compile;

import io.kiln.ndarray.NDArray;
import java.util.List;

/**
 * A program as instructions on slots, before its memory is planned.
 *
 * @param slots all values
 * @param constants arrays of the constants
 * @param forward instructions that compute the outputs and updates
 * @param backward further instructions that compute the gradients
 * @param outputs slots of the outputs, followed by those of the gradients
 * @param outputCount number of outputs
 * @param updates slots of the values that overwrite parameters after the forward pass
 * @param updated indices of these parameters
 */
record LoweredProgram(
        Slot[] slots,
        List<NDArray> constants,
        List<Instruction> forward,
        List<Instruction> backward,
        int[] outputs,
        int outputCount,
        int[] updates,
        int[] updated) {
    /** All instructions in execution order. */
    Instruction[] instructions() {
        Instruction[] all = new Instruction[forward.size() + backward.size()];
        for (int i = 0; i < all.length; i++) {
            all[i] = i < forward.size() ? forward.get(i) : backward.get(i - forward.size());
        }
        return all;
    }
}
