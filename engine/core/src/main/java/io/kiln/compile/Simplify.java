package io.kiln.compile;

import io.kiln.graph.Graph;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.Alias;
import io.kiln.op.Cast;
import io.kiln.op.Copy;
import io.kiln.op.Operator;
import io.kiln.op.math.DivScalar;
import io.kiln.op.math.MulScalar;
import io.kiln.op.shape.BroadcastTo;
import io.kiln.op.shape.FlattenOp;
import io.kiln.op.shape.Reshape;
import io.kiln.op.shape.Transpose;
import java.util.HashSet;
import java.util.Set;

/** Removes nodes without effect: copies, casts to the same dtype, reshapes to the same shape, factors of 1. */
final class Simplify implements Pass {
    @Override
    public Program run(Program program) {
        Graph g = program.graph();
        Set<Integer> pinned = pinned(program);
        try (Replay replay = new Replay(program)) {
            for (int i = 0; i < g.nodes().size(); i++) {
                Graph.Node node = g.nodes().get(i);
                if (changesNothing(node, g) && !pinned.contains(g.variableCount() + i)) {
                    replay.set(i, replay.value(node.inputs().get(0)));
                } else if (isReshape(node.operator())) {
                    replay.set(i, reshape(replay, g, node));
                } else {
                    replay.keep(i);
                }
            }
            return replay.build();
        }
    }

    /** Reshapes of reshapes become one view of the source, which later passes see through. */
    private static NDArray reshape(Replay replay, Graph g, Graph.Node node) {
        Graph.Node first = node;
        for (Graph.Node n = producer(g, node); n != null && isReshape(n.operator()); n = producer(g, n)) {
            first = n;
        }
        NDArray source = replay.value(first.inputs().get(0));
        Shape shape = node.outputs().get(0).shape();
        return source.shape().equals(shape) ? source : replay.run(node, new Reshape(shape), source)[0];
    }

    private static boolean isReshape(Operator operator) {
        return operator instanceof Reshape || operator instanceof FlattenOp;
    }

    private static Graph.Node producer(Graph g, Graph.Node node) {
        int value = node.inputs().get(0).value() - g.variableCount();
        return value < 0 ? null : g.nodes().get(value);
    }

    private static boolean changesNothing(Graph.Node node, Graph g) {
        Operator op = node.operator();
        if (op instanceof Alias || op instanceof Copy) {
            return true;
        }
        if (op instanceof MulScalar m && m.c() == 1 || op instanceof DivScalar d && d.c() == 1) {
            return node.outputs().get(0).equals(g.spec(node.inputs().get(0)));
        }
        if (op instanceof Transpose t) {
            for (int i = 0; i < t.axes().size(); i++) {
                if (t.axes().get(i) != i) {
                    return false;
                }
            }
            return true;
        }
        boolean maybe =
                op instanceof Cast || op instanceof Reshape || op instanceof FlattenOp || op instanceof BroadcastTo;
        return maybe && node.outputs().get(0).equals(g.spec(node.inputs().get(0)));
    }

    /**
     * Copies that matter: those that are results, and those of running statistics that are read after the forward pass
     * has overwritten the statistics.
     */
    private static Set<Integer> pinned(Program program) {
        Graph g = program.graph();
        Set<Integer> pinned = new HashSet<>();
        g.outputs().forEach(r -> pinned.add(r.value()));
        g.updates().forEach(u -> pinned.add(u.value().value()));
        if (!g.updates().isEmpty() && !program.gradients().isEmpty()) {
            boolean[] forward = Segments.forward(program);
            for (int i = 0; i < g.nodes().size(); i++) {
                if (!forward[i]) {
                    g.nodes().get(i).inputs().forEach(r -> pinned.add(r.value()));
                }
            }
        }
        return pinned;
    }
}
