package io.kiln.compile;

import io.kiln.backend.Backend;
import io.kiln.ndarray.InPlace;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Placement;
import io.kiln.ndarray.Scope;
import io.kiln.observe.Observation;
import io.kiln.op.Dispatch;
import io.kiln.op.ViewOperator;
import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;

/**
 * Runs the steps of a program on the arrays of an arena: makes views, offers kernels the planned places for their results, and
 * copies what they put elsewhere.
 *
 * <p>Concurrency: immutable but for the count of copies; any number of threads, each with an arena of its own.
 */
final class Runner {
    private static final PointwiseProgram COPY = PointwiseProgram.of(Expr.input(0));

    private static final double[] NO_SCALARS = {};

    /** An arena may serve several threads in turn, each of which has kernels of its own; then looking is no worse. */
    private static final int MAX_TRIES = 4;

    private final Backend backend;
    private final Target target;
    private final LoweredProgram lowered;
    private final Instruction[] steps;
    private final int forwardSteps;
    private final boolean[] isOutput;
    private final int[] viewsAgain;
    private final LongAdder misplaced = new LongAdder();

    Runner(Backend backend, LoweredProgram lowered) {
        this.backend = backend;
        this.target = Target.of(backend);
        this.lowered = lowered;
        this.steps = lowered.instructions();
        this.forwardSteps = lowered.forward().size();
        this.isOutput = new boolean[lowered.slots().length];
        for (int slot : lowered.outputs()) {
            isOutput[slot] = true;
        }
        this.viewsAgain = viewsAgain();
    }

    /** Results that kernels have put elsewhere than planned, in all calls so far. */
    long misplaced() {
        return misplaced.sum();
    }

    void copy(NDArray from, NDArray to) {
        InPlace.run(COPY, new NDArray[] {from}, new NDArray[] {to});
    }

    /** Forward steps that make views of the caller's arrays, which the backward steps look at as well. */
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

    /** Told before a step runs that looks rows of a parameter up. */
    interface Watch {
        void before(int step);
    }

    /**
     * Runs steps. Views of the caller's arrays live on with the scope around when further steps of the call may look at them.
     *
     * @param watch told of each step before it runs, or null
     */
    void run(Arena arena, boolean keepViews, int from, int to, Watch watch) {
        try (Scope scope = Scope.open();
                Placement placement = arena.placement.open()) {
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
                if (watch != null) {
                    watch.before(i);
                }
                if (observation == null) {
                    compute(arena, i, in, out);
                } else {
                    observed(observation, arena, i, in, out);
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
        Instruction step = steps[i];
        if (step.operator() instanceof FusedPointwise f) {
            Backend.Prepared program = arena.programs[i];
            if (program == null) {
                program = backend.prepare(f.program(), in, out);
                arena.programs[i] = program;
            }
            program.run(in, out, NO_SCALARS);
            InPlace.bumpVersions(out);
        } else if (arena.kernels[i] == null || !arena.kernels[i].run(in, out)) {
            search(arena, i, in, out);
        }
    }

    /** Runs a kernel that has to be looked for; a few times it is tried to keep what was found. */
    private void search(Arena arena, int i, NDArray[] in, NDArray... out) {
        if (arena.tries[i] < MAX_TRIES) {
            arena.tries[i]++;
            arena.kernels[i] =
                    target.record(steps[i].operator(), in, out, () -> kernel(arena.placement, steps[i], in, out));
        } else {
            kernel(arena.placement, steps[i], in, out);
        }
    }

    /** A view of an array that is another one in each call, or of a parameter, which mostly stays. */
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

    private void kernel(Placement placement, Instruction step, NDArray[] in, NDArray... out) {
        placement.expect(out);
        NDArray[] made = backend.execute(step.operator(), in, step.specs());
        if (made == null) {
            placement.expectNothing(); // what it is composed of must not take the places of its results
            made = Dispatch.composition(step.operator(), backend, in);
        }
        placement.expectNothing();
        for (int k = 0; k < out.length; k++) {
            if (made[k] != out[k]) {
                settle(made, out);
                return;
            }
        }
    }

    /** Copies what a kernel has put elsewhere. What lies in the place of another result is moved out of the way first. */
    private void settle(NDArray[] made, NDArray... out) {
        for (int k = 0; k < out.length; k++) {
            if (made[k] != out[k] && List.of(out).contains(made[k])) {
                NDArray moved = NDArray.empty(backend, made[k].shape(), made[k].dtype(), made[k].strides());
                copy(made[k], moved);
                made[k] = moved;
            }
        }
        for (int k = 0; k < out.length; k++) {
            if (made[k] != out[k]) {
                copy(made[k], out[k]);
                made[k].close();
                misplaced.increment();
            }
        }
    }
}
