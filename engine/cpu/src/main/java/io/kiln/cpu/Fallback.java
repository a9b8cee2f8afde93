package io.kiln.cpu;

import io.kiln.backend.KernelPlan;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.Operator;

/** What runs when a kernel gives up: the kernels behind it in the table, and finally the composition. */
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
     * Plans an operator again, with all kernels.
     *
     * @param operator the operator
     * @param inputs other layouts of its inputs
     * @param outputs the outputs according to the operator's rule
     * @return the plan; null if there is no kernel
     */
    public KernelPlan all(Operator operator, Layout[] inputs, Spec[] outputs) {
        return table.plan(operator, inputs, outputs);
    }

    /**
     * Creates a plan for a kernel that may give up at run time.
     *
     * @param operator the operator
     * @param strides as in {@link KernelPlan#strides}
     * @param attempt the work
     * @return the plan
     */
    public KernelPlan attempt(Operator operator, long[][] strides, Attempt attempt) {
        return attempt(operator, strides, 0, attempt);
    }

    /**
     * Creates a plan with a workspace for a kernel that may give up at run time.
     *
     * @param operator the operator
     * @param strides as in {@link KernelPlan#strides}
     * @param workspaceBytes as in {@link KernelPlan#workspaceBytes}
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
     * Creates a plan for a kernel that consists of oneDNN calls on its inputs and outputs only, or gives up. When it
     * runs repeatedly, the calls are recorded and replayed without the code that led to them.
     *
     * @param operator the operator
     * @param strides as in {@link KernelPlan#strides}
     * @param attempt the work
     * @return the plan
     */
    public KernelPlan calls(Operator operator, long[][] strides, Attempt attempt) {
        return new KernelPlan(strides, 0, new CallsKernel(operator, attempt, this));
    }
}
