package io.kiln.compile;

import io.kiln.graph.Graph;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Opaque;
import io.kiln.op.Pointwise;
import io.kiln.op.ViewOperator;
import io.kiln.op.random.RandomGenerator;
import java.util.List;

/**
 * Replaces operators for which the device has no kernel with their compositions, so that the parts can be fused.
 * Operators that cannot be composed of traced arrays stay and are composed at run time.
 */
final class Decompose implements Pass {
    private final Plans plans;
    private final Target target;

    Decompose(Plans plans) {
        this.plans = plans;
        target = Target.of(plans.backend());
    }

    @Override
    public Program run(Program program) {
        Program p = program;
        for (Program next = once(p); next != p; next = once(p)) {
            p = next;
        }
        return p;
    }

    private boolean isWhole(Program program, Graph.Node node) {
        return node.operator() instanceof ViewOperator
                || node.operator() instanceof Pointwise
                || node.operator() instanceof Opaque
                || hasKernel(program.graph(), node) && !target.takesApart(node.operator(), program.training());
    }

    /** Layouts are chosen later; whether there is a kernel for these shapes and types, row-major inputs tell. */
    private boolean hasKernel(Graph graph, Graph.Node node) {
        Layout[] layouts =
                node.inputs().stream().map(r -> Layout.rowMajor(graph.spec(r))).toArray(Layout[]::new);
        return plans.of(node.operator(), layouts, node.outputs().toArray(new Spec[0])) != null;
    }

    private Program once(Program program) {
        Graph graph = program.graph();
        List<Boolean> whole =
                graph.nodes().stream().map(n -> isWhole(program, n)).toList();
        if (!whole.contains(false)) {
            return program;
        }
        boolean changed = false;
        try (Replay replay = new Replay(program)) {
            for (int i = 0; i < graph.nodes().size(); i++) {
                Graph.Node node = graph.nodes().get(i);
                NDArray[] parts = whole.get(i) ? null : compose(replay, node);
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
