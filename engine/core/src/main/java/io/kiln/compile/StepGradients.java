package io.kiln.compile;

import io.kiln.graph.Graph;
import io.kiln.ndarray.NDArray;
import io.kiln.op.RowGradient;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * When the gradients of a training step are final, where the kernels may write them, and which steps look up rows of parameters
 * whose gradients are kept by rows.
 */
final class StepGradients {
    private final Program program;
    private final LoweredProgram lowered;
    private final Instruction[] steps;
    private final int[] finished;
    private final int[] finishing;
    /**
     * For each step, the index of the row-wise gradient whose parameter it looks up, or -1. Null without row-wise
     * gradients.
     */
    private final int[] lookUps;

    StepGradients(Program program, LoweredProgram lowered) {
        this.program = program;
        this.lowered = lowered;
        this.steps = lowered.instructions();
        this.finished = finishedSteps();
        for (int k = 0; k < finished.length; k++) {
            int rows = program.rowsOf(k);
            if (rows >= 0) {
                finished[rows] = Math.max(finished[rows], finished[k]);
                finished[k] = finished[rows];
            }
        }
        this.finishing = IntStream.range(0, finished.length)
                .boxed()
                .sorted(Comparator.comparingInt(k -> finished[k]))
                .mapToInt(Integer::intValue)
                .toArray();
        this.lookUps = lookUpSteps();
    }

    int count() {
        return finished.length;
    }

    /** The gradients in the order in which they become final. */
    int finishing(int n) {
        return finishing[n];
    }

    /** The step after which a gradient is final and its parameter is no longer read. */
    int finished(int gradient) {
        return finished[gradient];
    }

    Runner.Watch watch(Arena arena, Executable.Ready ready) {
        return lookUps == null
                ? null
                : i -> {
                    if (lookUps[i] >= 0) {
                        ready.looksUp(lookUps[i], arena.values[steps[i].inputs()[1]]);
                    }
                };
    }

    private int[] lookUpSteps() {
        Map<String, Integer> parameters = parameterSlots();
        Map<Integer, Integer> tables = new HashMap<>();
        for (int k = 0; k < finished.length; k++) {
            if (program.rowsOf(k) >= 0) {
                tables.put(parameters.get(program.gradients().get(program.rowsOf(k))), program.rowsOf(k));
            }
        }
        if (tables.isEmpty()) {
            return null;
        }
        int[] found = new int[steps.length];
        for (int i = 0; i < steps.length; i++) {
            found[i] = steps[i].operator() instanceof RowGradient ? tables.getOrDefault(steps[i].inputs()[0], -1) : -1;
        }
        return found;
    }

    /** Lets the kernels write gradients to the caller's arrays; returns for which this is possible. */
    boolean[] place(Arena arena, NDArray... places) {
        boolean[] placed = new boolean[places.length];
        for (int k = 0; k < places.length; k++) {
            if (places[k] == null) {
                continue;
            }
            Slot s = lowered.slots()[lowered.outputs()[lowered.outputCount() + k]];
            Slot root = lowered.slots()[s.root()];
            boolean whole = s.bytes() == root.bytes()
                    && s.layout().isContiguous()
                    && root.layout().isContiguous();
            if (root.kind() == Slot.Kind.RESULT && arena.values[s.root()] == null && whole) {
                NDArray to = places[k];
                arena.values[s.root()] = s.root() == lowered.outputs()[lowered.outputCount() + k]
                        ? to
                        : to.view(root.spec().shape(), root.strides(), 0);
                placed[k] = true;
            }
        }
        return placed;
    }

    private int[] finishedSteps() {
        int[] touched = new int[lowered.slots().length]; // the last step that writes a block or reads a parameter
        int inputs = program.graph().inputs().size();
        for (int i = 0; i < steps.length; i++) {
            for (int out : steps[i].outputs()) {
                touched[lowered.slots()[out].root()] = i;
            }
            for (int in : steps[i].inputs()) {
                int root = lowered.slots()[in].root();
                if (root >= inputs && root < program.graph().variableCount()) {
                    touched[root] = i;
                }
            }
        }
        Map<String, Integer> parameters = parameterSlots();
        int[] last = new int[program.gradients().size()];
        for (int k = 0; k < last.length; k++) {
            int root = lowered.slots()[lowered.outputs()[lowered.outputCount() + k]].root();
            Integer parameter = parameters.get(program.gradients().get(k));
            last[k] = Math.max(touched[root], parameter == null ? 0 : touched[parameter]);
        }
        return last;
    }

    private Map<String, Integer> parameterSlots() {
        Map<String, Integer> slots = new HashMap<>();
        int slot = program.graph().inputs().size();
        for (Graph.ParameterInfo p : program.graph().parameters()) {
            slots.put(p.name(), slot++);
        }
        return slots;
    }
}
