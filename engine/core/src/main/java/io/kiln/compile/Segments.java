package io.kiln.compile;

import io.kiln.graph.Graph;
import io.kiln.op.Custom;
import io.kiln.op.Operator;
import io.kiln.op.Stochastic;
import io.kiln.op.control.GraphOperator;
import io.kiln.op.internal.AcrossWorkers;
import java.util.Arrays;

/** Which nodes a program needs for its outputs and updates (the forward pass), and which only for gradients. */
final class Segments {
    private Segments() {}

    /**
     * For each node, whether it belongs to the forward pass. Calls that draw do, even if their results are unused:
     * eager execution makes them in this order. Of the unique calls, only those that communicate with other workers
     * occur in gradients, too.
     */
    static boolean[] forward(Program program) {
        Graph g = program.graph();
        boolean[] needed = unique(g);
        boolean[] late = behindHeads(program);
        for (int i = 0; i < g.nodes().size(); i++) {
            int value = g.variableCount() + i;
            needed[value] &= !late[value] && !(g.nodes().get(i).operator() instanceof AcrossWorkers);
        }
        for (int i = 0; i < program.outputCount(); i++) {
            needed[g.outputs().get(i).value()] = true;
        }
        g.updates().forEach(u -> needed[u.value().value()] = true);
        return close(g, needed);
    }

    /** For each node, whether any output, update or call with side effects needs it. */
    static boolean[] alive(Program program) {
        Graph g = program.graph();
        boolean[] needed = unique(g);
        g.outputs().forEach(r -> needed[r.value()] = true);
        g.updates().forEach(u -> needed[u.value().value()] = true);
        return close(g, needed);
    }

    /**
     * Whether two calls of an operator may differ, or have side effects: those that draw, run graphs, communicate or
     * are the user's.
     */
    static boolean isUnique(Operator operator) {
        return operator instanceof Stochastic s && s.draws()
                || operator instanceof GraphOperator
                || operator instanceof Custom
                || operator instanceof AcrossWorkers;
    }

    /** For each value, whether it is the result of a unique call. */
    private static boolean[] unique(Graph g) {
        boolean[] unique = new boolean[g.variableCount() + g.nodes().size()];
        for (int i = 0; i < g.nodes().size(); i++) {
            unique[g.variableCount() + i] = isUnique(g.nodes().get(i).operator());
        }
        return unique;
    }

    /** For each value, whether it depends on the gradient of an output, which only the backward pass receives. */
    private static boolean[] behindHeads(Program program) {
        Graph g = program.graph();
        boolean[] behind = new boolean[g.variableCount() + g.nodes().size()];
        Arrays.fill(behind, program.dataCount(), g.inputs().size(), true);
        for (int i = 0; i < g.nodes().size(); i++) {
            for (Graph.Ref r : g.nodes().get(i).inputs()) {
                behind[g.variableCount() + i] |= behind[r.value()];
            }
        }
        return behind;
    }

    private static boolean[] close(Graph g, boolean[] needed) {
        int first = g.variableCount();
        boolean[] nodes = new boolean[g.nodes().size()];
        for (int i = nodes.length - 1; i >= 0; i--) {
            nodes[i] = needed[first + i];
            if (nodes[i]) {
                g.nodes().get(i).inputs().forEach(r -> needed[r.value()] = true);
            }
        }
        return nodes;
    }
}
