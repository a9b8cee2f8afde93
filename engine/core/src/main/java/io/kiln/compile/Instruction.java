package io.kiln.compile;

import io.kiln.backend.KernelPlan;
import io.kiln.ndarray.Spec;
import io.kiln.op.Operator;

/**
 * One instruction of a {@link LoweredProgram}: a kernel call, or a view.
 *
 * @param name the node's name
 * @param operator the operator
 * @param inputs slots read
 * @param outputs slots written; for a view, the slot it defines
 * @param specs shapes and dtypes of the outputs
 * @param plan how the device runs it; null for a view, and for an operator that is composed of others
 */
record Instruction(String name, Operator operator, int[] inputs, int[] outputs, Spec[] specs, KernelPlan plan) {
    long workspaceBytes() {
        return plan == null ? 0 : plan.workspaceBytes();
    }
}
