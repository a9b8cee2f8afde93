package io.kiln.compile;

import io.kiln.backend.CurrentLayer;
import io.kiln.ndarray.InPlace;
import io.kiln.ndarray.IndexRangeException;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.observe.Observation;
import io.kiln.op.Dispatch;
import io.kiln.op.ViewOperator;
import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Runs the steps of a program on the arrays of an arena: creates views, and lets kernels write their results to the
 * planned places.
 *
 * <p>Concurrency: immutable; any number of threads, each with its own arena.
 */
final class Runner {
    private static final PointwiseProgram COPY = PointwiseProgram.of(Expr.input(0));

    private final LoweredProgram lowered;
    private final Instruction[] steps;
    private final int forwardSteps;
    private final boolean[] isOutput;
    private final int[] viewsAgain;
    /**
     * For each step, whether it reads arrays of the caller, whose strides may differ from those planned; false for
     * fused programs, which accept any.
     */
    private final boolean[] readsGiven;

    Runner(LoweredProgram lowered) {
        this.lowered = lowered;
        this.steps = lowered.instructions();
        this.forwardSteps = lowered.forward().size();
        this.isOutput = new boolean[lowered.slots().length];
        for (int slot : lowered.outputs()) {
            isOutput[slot] = true;
        }
        this.viewsAgain = viewsAgain();
        this.readsGiven = new boolean[steps.length];
        for (int i = 0; i < steps.length; i++) {
            for (int in : steps[i].inputs()) {
                Slot.Kind root = lowered.slots()[lowered.slots()[in].root()].kind();
                boolean given = root == Slot.Kind.INPUT || root == Slot.Kind.PARAMETER;
                readsGiven[i] |= given && !(steps[i].operator() instanceof FusedPointwise);
            }
        }
    }

    void copy(NDArray from, NDArray to) {
        InPlace.run(COPY, new NDArray[] {from}, new NDArray[] {to});
    }

    /** Forward steps that create views of the caller's arrays that the backward steps also use. */
    private int[] viewsAgain() {
        boolean[] needed = new boolean[lowered.slots().length];
        for (Instruction s : lowered.backward()) {
            for (int in : s.inputs()) {
                needed[in] = true;
            }
        }
        List<Integer> again = new ArrayList<>();
        for (int i = forwardSteps - 1; i >= 0; i--) {
            int out = steps[i].outputs()[0];
            Slot.Kind root = lowered.slots()[lowered.slots()[out].root()].kind();
            boolean made = lowered.slots()[out].kind() == Slot.Kind.VIEW && !isOutput[out];
            if (made && needed[out] && (root == Slot.Kind.INPUT || root == Slot.Kind.RESULT)) {
                needed[steps[i].inputs()[0]] = true;
                again.add(0, i);
            }
        }
        return again.stream().mapToInt(Integer::intValue).toArray();
    }

    /** Notified before a step that looks up rows of a parameter runs. */
    interface Watch {
        void before(int step);
    }

    /**
     * Runs steps. Views of the caller's arrays belong to the enclosing scope if later steps of the call may use them.
     *
     * @param watch notified of each step before it runs, or null
     */
    void run(Arena arena, boolean keepViews, int from, int to, Watch watch) {
        try (Scope scope = Scope.open();
                CurrentLayer layer = CurrentLayer.enterGraph()) {
            Observation observation = Observation.current();
            for (int k = 0; !keepViews && from > 0 && k < viewsAgain.length; k++) {
                Instruction step = steps[viewsAgain[k]];
                NDArray x = arena.values[step.inputs()[0]];
                view(arena, scope, false, step, x);
            }
            for (int i = from; i < to; i++) {
                Instruction step = steps[i];
                NDArray[] in = arena.inputs[i];
                for (int k = 0; k < in.length; k++) {
                    in[k] = arena.values[step.inputs()[k]];
                }
                if (step.operator() instanceof ViewOperator) {
                    view(arena, scope, keepViews, step, in[0]);
                    continue;
                }
                NDArray[] out = arena.outputs[i];
                for (int k = 0; k < out.length; k++) {
                    out[k] = arena.values[step.outputs()[k]];
                }
                layer.node(step.name());
                try {
                    if (watch != null) {
                        watch.before(i);
                    }
                    if (observation == null) {
                        compute(arena, i, in, out);
                    } else {
                        observed(observation, arena, i, in, out);
                    }
                } catch (IndexRangeException e) {
                    throw e.atNode(step.name());
                }
            }
        }
    }

    private void observed(Observation observation, Arena arena, int i, NDArray[] in, NDArray... out) {
        Instruction step = steps[i];
        Supplier<NDArray[]> call = () -> observation.run(step.operator(), in, () -> {
            compute(arena, i, in, out);
            return out;
        });
        if (i >= forwardSteps) {
            observation.backward(step.name(), call::get);
        } else {
            observation.node(step.name(), call);
        }
    }

    private void compute(Arena arena, int i, NDArray[] in, NDArray... out) {
        if (arena.kernels[i] != null && (!readsGiven[i] || areAsPlanned(steps[i], in))) {
            arena.kernels[i].run(in, out, arena.workspaces[i]);
        } else {
            Dispatch.into(steps[i].operator(), in, out);
        }
    }

    private boolean areAsPlanned(Instruction step, NDArray... in) {
        for (int k = 0; k < in.length; k++) {
            if (!in[k].layout().places(lowered.slots()[step.inputs()[k]].strides())) {
                return false;
            }
        }
        return true;
    }

    /** A view of an array that differs in each call, or of a parameter, which usually stays the same. */
    private void view(Arena arena, Scope scope, boolean keep, Instruction step, NDArray x) {
        ViewOperator operator = (ViewOperator) step.operator();
        int at = step.outputs()[0];
        Slot.Kind root = lowered.slots()[lowered.slots()[at].root()].kind();
        if (root == Slot.Kind.ARENA) {
            return;
        }
        if (root == Slot.Kind.PARAMETER || root == Slot.Kind.CONSTANT) {
            if (arena.seen[at] != x) {
                arena.closeView(at);
                arena.values[at] = operator.view(x, step.specs()[0]).detach();
                arena.seen[at] = x;
            }
        } else {
            NDArray made = operator.view(x, step.specs()[0]);
            arena.values[at] = keep || isOutput[at] ? scope.keep(made) : made;
        }
    }
}
