package io.kiln.cpu;

import io.kiln.backend.KernelPlan;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.Operator;

/** What comes after a kernel of an operator: the kernels that are asked behind it, and at last the composition. */
public final class Fallback {
    private final KernelTable table;
    private final int next;

    Fallback(KernelTable table, int next) {
        this.table = table;
        this.next = next;
    }

    /**
     * Runs an operator.
     *
     * @param operator the operator
     * @param inputs its inputs
     * @param outputs arrays for its outputs, of any strides
     */
    public void run(Operator operator, NDArray[] inputs, NDArray[] outputs) {
        Spec[] specs = new Spec[outputs.length];
        for (int i = 0; i < specs.length; i++) {
            specs[i] = outputs[i].spec();
        }
        Dispatch.into(table.plan(operator, Layout.of(inputs), specs, next), operator, inputs, outputs);
    }

    /**
     * Plans an operator anew, with all kernels.
     *
     * @param operator the operator
     * @param inputs other layouts of its inputs
     * @param outputs what the operator's rule says of the outputs
     * @return the plan; null when there is no kernel
     */
    public KernelPlan all(Operator operator, Layout[] inputs, Spec[] outputs) {
        return table.plan(operator, inputs, outputs);
    }

    /**
     * A plan for a kernel that may give up while it runs.
     *
     * @param operator the operator
     * @param strides as of {@link KernelPlan#strides}
     * @param attempt the work
     * @return the plan
     */
    public KernelPlan attempt(Operator operator, long[][] strides, Attempt attempt) {
        return attempt(operator, strides, 0, attempt);
    }

    /**
     * A plan with a workspace for a kernel that may give up while it runs.
     *
     * @param operator the operator
     * @param strides as of {@link KernelPlan#strides}
     * @param workspaceBytes as of {@link KernelPlan#workspaceBytes}
     * @param attempt the work
     * @return the plan
     */
    public KernelPlan attempt(Operator operator, long[][] strides, long workspaceBytes, Attempt attempt) {
        return new KernelPlan(strides, workspaceBytes, (inputs, outputs, workspace) -> {
            if (!attempt.run(inputs, outputs, workspace)) {
                run(operator, inputs, outputs);
            }
        });
    }

    /**
     * A plan for a kernel that does nothing but oneDNN calls on its inputs and outputs, or gives up. Who runs it again and again has
     * the calls recorded and made again without the way that led to them.
     *
     * @param operator the operator
     * @param strides as of {@link KernelPlan#strides}
     * @param attempt the work
     * @return the plan
     */
    public KernelPlan calls(Operator operator, long[][] strides, Attempt attempt) {
        return new KernelPlan(strides, 0, new CallsKernel(operator, attempt, this));
    }
}
