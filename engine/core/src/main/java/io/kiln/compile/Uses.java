package io.kiln.compile;

import io.kiln.graph.Graph;
import java.util.HashMap;
import java.util.Map;

/** How often values are used. */
final class Uses {
    private Uses() {}

    /** For each value, how many nodes, outputs and updates use one of its outputs. */
    static int[] count(Graph g) {
        int[] uses = new int[g.variableCount() + g.nodes().size()];
        g.nodes().forEach(n -> n.inputs().forEach(r -> uses[r.value()]++));
        g.outputs().forEach(r -> uses[r.value()]++);
        g.updates().forEach(u -> uses[u.value().value()]++);
        return uses;
    }

    /** How many nodes, outputs and updates use each value, by output; unused values are omitted. */
    static Map<Graph.Ref, Integer> ofOutputs(Graph g) {
        Map<Graph.Ref, Integer> uses = new HashMap<>();
        g.nodes().forEach(n -> n.inputs().forEach(r -> uses.merge(r, 1, Integer::sum)));
        g.outputs().forEach(r -> uses.merge(r, 1, Integer::sum));
        g.updates().forEach(u -> uses.merge(u.value(), 1, Integer::sum));
        return uses;
    }
}
