package io.kiln.cpu;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.backend.Backend;
import io.kiln.backend.KernelPlan;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.Operator;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/** Runs kernels of a table, or a single one. */
public final class KernelRuns {
    private KernelRuns() {}

    /**
     * Runs an operator by a table alone.
     *
     * @param table the table
     * @param operator the operator
     * @param inputs its inputs
     * @return its outputs
     */
    static NDArray[] run(KernelTable table, Operator operator, NDArray... inputs) {
        KernelPlan plan = table.plan(operator, Layout.of(inputs), specs(operator, inputs));
        return plan == null ? Dispatch.composition(operator, inputs[0].backend(), inputs) : run(plan, operator, inputs);
    }

    /**
     * Runs one kernel alone.
     *
     * @param planner plans it
     * @param operator the operator
     * @param inputs its inputs
     * @return its outputs; null when it declines, or gives up while it runs
     */
    public static NDArray[] run(Planner planner, Operator operator, NDArray... inputs) {
        AtomicBoolean declined = new AtomicBoolean();
        Planner behind = (o, in, out, fallback) -> {
            declined.set(true);
            return KernelPlan.rowMajor((x, y, workspace) -> {});
        };
        KernelTable table = new KernelTable((o, in, out) -> null, List.of(t -> {
            t.add(operator.getClass(), behind);
            t.add(operator.getClass(), planner);
        }));
        NDArray[] outputs = run(table, operator, inputs);
        return declined.get() ? null : outputs;
    }

    private static NDArray[] run(KernelPlan plan, Operator operator, NDArray... inputs) {
        Backend backend = inputs[0].backend();
        Spec[] specs = specs(operator, inputs);
        NDArray[] outputs = new NDArray[specs.length];
        for (int i = 0; i < outputs.length; i++) {
            outputs[i] = NDArray.empty(backend, plan.layout(i, specs[i]));
        }
        assertTrue(plan.fits(outputs));
        plan.run(backend, inputs, outputs);
        return outputs;
    }

    private static Spec[] specs(Operator operator, NDArray... inputs) {
        Spec[] specs = new Spec[inputs.length];
        for (int i = 0; i < specs.length; i++) {
            specs[i] = inputs[i].spec();
        }
        return operator.infer(specs);
    }
}
