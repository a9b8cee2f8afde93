package io.kiln.compile;

import io.kiln.graph.Graph;
import io.kiln.ndarray.NDArray;
import io.kiln.op.Opaque;
import io.kiln.op.Pointwise;
import io.kiln.op.ViewOperator;
import io.kiln.op.random.RandomGenerator;

/**
 * Replaces operators for which the device has no kernel with their compositions, so that the parts can be fused.
 * Operators that cannot be composed of traced arrays stay and are composed at run time.
 */
final class Decompose implements Pass {
    private final Target target;

    Decompose(Target target) {
        this.target = target;
    }

    @Override
    public Program run(Program program) {
        Program p = program;
        for (Program next = once(p); next != p; next = once(p)) {
            p = next;
        }
        return p;
    }

    private boolean isWhole(Graph.Node node) {
        return node.operator() instanceof ViewOperator
                || node.operator() instanceof Pointwise
                || node.operator() instanceof Opaque
                || target.hasKernel(node.operator());
    }

    private Program once(Program program) {
        if (program.graph().nodes().stream().allMatch(this::isWhole)) {
            return program;
        }
        boolean changed = false;
        try (Replay replay = new Replay(program)) {
            for (int i = 0; i < program.graph().nodes().size(); i++) {
                Graph.Node node = program.graph().nodes().get(i);
                NDArray[] parts = isWhole(node) ? null : compose(replay, node);
                if (parts == null) {
                    replay.keep(i);
                } else {
                    replay.set(i, parts);
                    changed = true;
                }
            }
            return changed ? replay.build() : program;
        }
    }

    private static NDArray[] compose(Replay replay, Graph.Node node) {
        NDArray[] inputs = replay.inputs(node);
        if (inputs.length == 0) {
            return null;
        }
        RandomGenerator.State draws = RandomGenerator.state();
        try {
            return replay.at(node, () -> node.operator().compose(inputs));
        } catch (IllegalStateException e) {
            RandomGenerator.restore(draws);
            return null; // needs values, perhaps behind a draw, or a tape
        }
    }
}
