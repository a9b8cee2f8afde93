package io.kiln.cpu;

import io.kiln.backend.Backend;
import io.kiln.backend.KernelPlan;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.Spec;
import io.kiln.op.Operator;
import io.kiln.op.Pointwise;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Maps operators to kernels. Groups of kernels contribute to it in order. Of the kernels for one operator the one added
 * last is tried first, so a fast kernel precedes a general one and declines what it cannot do.
 *
 * <p>Immutable after construction.
 */
public final class KernelTable {
    private final Map<Class<?>, List<Entry>> kernels = new HashMap<>();
    private final Map<Class<?>, Residuals> residuals = new HashMap<>();
    private final PointwisePlanner pointwise;

    /** Tells what the kernel of an operator keeps for that of its gradient. */
    @FunctionalInterface
    public interface Residuals {
        /**
         * The residuals of an operator.
         *
         * @param operator the operator
         * @param inputs shape and dtype of its inputs
         * @return shape and dtype of each residual; none if the kernels decline such inputs
         */
        Spec[] of(Operator operator, Spec... inputs);
    }

    record Entry(Planner planner, Fallback fallback) {}

    /** Plans pointwise operators that no other kernel accepts. */
    public interface PointwisePlanner {
        /**
         * Plans an operator.
         *
         * @param operator the operator
         * @param inputs layouts of its inputs
         * @param output shape and dtype of its output
         * @return the plan
         */
        KernelPlan plan(Pointwise operator, Layout[] inputs, Spec output);
    }

    /**
     * Creates a table.
     *
     * @param pointwise plans pointwise operators that no kernel of the table accepts
     * @param groups the contributors, the most general first
     */
    public KernelTable(PointwisePlanner pointwise, List<Consumer<KernelTable>> groups) {
        this.pointwise = pointwise;
        for (Consumer<KernelTable> group : groups) {
            group.accept(this);
        }
    }

    /**
     * Adds kernels before those of the same operator; called by groups during construction.
     *
     * @param operator the operator's class
     * @param planner plans the kernels
     */
    public void add(Class<? extends Operator> operator, Planner planner) {
        List<Entry> chain = kernels.computeIfAbsent(operator, o -> new ArrayList<>());
        chain.add(new Entry(planner, new Fallback(this, chain.size() - 1)));
    }

    /**
     * Adds what the kernels of an operator and of its gradient keep; kernels for {@link io.kiln.op.internal.Keeping} and
     * {@link io.kiln.op.internal.FromResiduals} of them are added as well.
     *
     * @param operator the operator's class
     * @param kept tells the residuals
     */
    public void addResiduals(Class<? extends Operator> operator, Residuals kept) {
        residuals.put(operator, kept);
    }

    Spec[] residuals(Operator operator, Spec... inputs) {
        Residuals kept = residuals.get(operator.getClass());
        return kept == null ? Backend.NO_RESIDUALS : kept.of(operator, inputs);
    }

    /**
     * Adds a kernel that accepts all inputs and writes row-major results.
     *
     * @param operator the operator's class
     * @param routine computes it
     */
    public void addRoutine(Class<? extends Operator> operator, Routine routine) {
        add(
                operator,
                (o, inputs, outputs, fallback) -> KernelPlan.rowMajor((in, out, workspace) -> routine.run(o, in, out)));
    }

    /** Whether there are kernels for operators of this class. */
    boolean has(Operator operator) {
        return !of(operator).isEmpty();
    }

    /** The kernels of an operator; the last one is tried first. */
    List<Entry> of(Operator operator) {
        return kernels.getOrDefault(operator.getClass(), List.of());
    }

    /**
     * Tries the kernels in order.
     *
     * @param operator the operator
     * @param inputs layouts of its inputs
     * @param outputs the outputs according to the operator's rule
     * @return the plan of the first kernel that accepts it; null if it must be composed
     */
    public KernelPlan plan(Operator operator, Layout[] inputs, Spec[] outputs) {
        return plan(operator, inputs, outputs, Integer.MAX_VALUE);
    }

    /** The same among the kernels below an index, the more general ones. */
    KernelPlan plan(Operator operator, Layout[] inputs, Spec[] outputs, int last) {
        List<Entry> chain = of(operator);
        for (int i = Math.min(last, chain.size() - 1); i >= 0; i--) {
            Entry e = chain.get(i);
            KernelPlan plan = e.planner.plan(operator, inputs, outputs, e.fallback);
            if (plan != null) {
                return plan;
            }
        }
        return operator instanceof Pointwise p ? pointwise.plan(p, inputs, outputs[0]) : null;
    }
}
