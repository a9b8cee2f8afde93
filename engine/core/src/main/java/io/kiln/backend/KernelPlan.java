package io.kiln.backend;

import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;

/**
 * How a backend runs an operator on inputs with certain layouts. A plan is made once and may be run any number of
 * times, by any thread, on any arrays with these layouts.
 *
 * @param strides strides of each output, in elements, dense; null if all outputs are row-major, and null for an output
 *     that is
 * @param workspaceBytes device memory that the kernel needs while it runs
 * @param kernel does the work
 */
public record KernelPlan(long[][] strides, long workspaceBytes, Kernel kernel) {
    /**
     * A plan without workspace whose outputs are row-major.
     *
     * @param kernel does the work
     * @return the plan
     */
    public static KernelPlan rowMajor(Kernel kernel) {
        return new KernelPlan(null, 0, kernel);
    }

    /**
     * The layout that an output must have.
     *
     * @param output its number
     * @param spec its shape and dtype
     * @return the layout
     */
    public Layout layout(int output, Spec spec) {
        long[] chosen = strides == null ? null : strides[output];
        return chosen == null ? Layout.rowMajor(spec) : new Layout(spec, chosen);
    }

    /**
     * Whether arrays have the planned strides.
     *
     * @param outputs one array for each output
     * @return true if the kernel can write into them
     */
    public boolean fits(NDArray... outputs) {
        for (int k = 0; k < outputs.length; k++) {
            if (!outputs[k].layout().places(layout(k, outputs[k].spec()).strides())) {
                return false;
            }
        }
        return true;
    }

    /**
     * Runs the kernel once, with a workspace from the backend's allocator.
     *
     * @param backend the backend that made the plan
     * @param inputs arrays of the planned layouts
     * @param outputs arrays of the planned strides
     */
    public void run(Backend backend, NDArray[] inputs, NDArray[] outputs) {
        if (workspaceBytes == 0) {
            kernel.run(inputs, outputs, null);
            return;
        }
        Storage workspace = backend.allocator().allocate(backend, workspaceBytes);
        try {
            kernel.run(inputs, outputs, Span.of(workspace));
        } finally {
            workspace.release();
        }
    }
}
