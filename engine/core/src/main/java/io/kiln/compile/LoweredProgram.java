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
 * @param updates what overwrites parameters after the forward pass
 */
record LoweredProgram(
        Slot[] slots,
        List<NDArray> constants,
        List<Instruction> forward,
        List<Instruction> backward,
        int[] outputs,
        int outputCount,
        List<Update> updates) {
    /**
     * A value that overwrites a parameter.
     *
     * @param slot slot of the value
     * @param parameter index of the parameter
     */
    record Update(int slot, int parameter) {}

    /** All instructions in execution order. */
    Instruction[] instructions() {
        Instruction[] all = new Instruction[forward.size() + backward.size()];
        for (int i = 0; i < all.length; i++) {
            all[i] = i < forward.size() ? forward.get(i) : backward.get(i - forward.size());
        }
        return all;
    }
}
