package io.kiln.compile;

import io.kiln.symbol.Graph;

/** How often values are used. */
final class Uses {
    private Uses() {}

    /** For each value how many nodes, outputs and updates use one of its outputs. */
    static int[] count(Graph g) {
        int[] uses = new int[g.variableCount() + g.nodes().size()];
        g.nodes().forEach(n -> n.inputs().forEach(r -> uses[r.value()]++));
        g.outputs().forEach(r -> uses[r.value()]++);
        g.updates().forEach(u -> uses[u.value().value()]++);
        return uses;
    }
}
