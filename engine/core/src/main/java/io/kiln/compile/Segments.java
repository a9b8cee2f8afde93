package io.kiln.compile;

import io.kiln.op.Custom;
import io.kiln.op.GraphOperator;
import io.kiln.op.Operator;
import io.kiln.op.Stochastic;
import io.kiln.symbol.Graph;

/** Which nodes a program needs for its outputs and updates (the forward pass), and which for gradients only. */
final class Segments {
    private Segments() {}

    /** For each node whether it belongs to the forward pass. */
    static boolean[] forward(Program program) {
        Graph g = program.graph();
        boolean[] needed = new boolean[g.variableCount() + g.nodes().size()];
        for (int i = 0; i < program.outputCount(); i++) {
            needed[g.outputs().get(i).value()] = true;
        }
        g.updates().forEach(u -> needed[u.value().value()] = true);
        return close(g, needed);
    }

    /** For each node whether any output, update or random draw needs it. */
    static boolean[] alive(Program program) {
        Graph g = program.graph();
        boolean[] needed = new boolean[g.variableCount() + g.nodes().size()];
        g.outputs().forEach(r -> needed[r.value()] = true);
        g.updates().forEach(u -> needed[u.value().value()] = true);
        return close(g, needed);
    }

    /** Whether two calls of an operator may differ, or leave a trace: those that draw, run graphs or are code of the user. */
    static boolean isUnique(Operator operator) {
        return operator instanceof Stochastic s && s.draws()
                || operator instanceof GraphOperator
                || operator instanceof Custom;
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
