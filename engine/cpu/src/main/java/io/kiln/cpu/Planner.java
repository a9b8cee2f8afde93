package io.kiln.cpu;

import io.kiln.backend.KernelPlan;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.Spec;
import io.kiln.op.Operator;

/** Plans kernels for operators of one class. */
@FunctionalInterface
public interface Planner {
    /**
     * Plans a kernel. Shapes and dtypes have been checked by the operator's rule.
     *
     * @param operator the operator with its attributes
     * @param inputs layouts of its inputs
     * @param outputs the outputs according to the operator's rule
     * @param fallback runs the operator if the kernel finds out at run time that it cannot
     * @return the plan; null to decline, in which case the next planner of this class is tried
     */
    KernelPlan plan(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback);
}
