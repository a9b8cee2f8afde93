package io.kiln.compile;

import io.kiln.graph.Graph;
import io.kiln.graph.GraphBuilder;
import io.kiln.ndarray.NDArray;
import io.kiln.op.Role;
import io.kiln.op.ViewOperator;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Weight prepacking: splits an inference program into the part that depends on parameters alone (packed weights, casts
 * of weights, factors of normalisations) and the rest. The first part is a separate program that runs once, and again
 * only after a parameter has been written; its results become additional parameters of the rest.
 *
 * @param first computes what depends on parameters alone
 * @param rest the remaining program, with the first one's outputs as its last parameters
 */
record WeightPrepacking(Program first, Program rest) {
    private static final String PREFIX = "prepacked ";

    /** Splits a program; null if no part depends on parameters alone. */
    static WeightPrepacking of(Program program) {
        Graph g = program.graph();
        if (program.training() || !program.gradients().isEmpty()) {
            return null;
        }
        boolean[] given = given(g);
        boolean[] still = still(g);
        boolean[] wanted = wanted(g, still, given);
        Map<Graph.Ref, String> names = new HashMap<>();
        for (int i = 0; i < wanted.length; i++) {
            if (wanted[i] && !isView(g, i)) {
                for (int k = 0; k < g.nodes().get(i).outputs().size(); k++) {
                    names.put(new Graph.Ref(g.variableCount() + i, k), PREFIX + i + "." + k);
                }
            }
        }
        return names.isEmpty()
                ? null
                : new WeightPrepacking(first(program, still, wanted), rest(program, still, given, wanted, names));
    }

    /** The parameters of the rest: these, then the prepacked ones in the order of the first program's outputs. */
    List<Graph.ParameterInfo> parameters(List<Graph.ParameterInfo> given) {
        List<Graph.ParameterInfo> all = new ArrayList<>(given);
        int outputs = first.graph().outputs().size();
        List<Graph.ParameterInfo> rests = rest.graph().parameters();
        all.addAll(rests.stream().filter(p -> p.name().startsWith(PREFIX)).toList());
        if (all.size() != given.size() + outputs) {
            throw new IllegalStateException(
                    "compile: " + outputs + " values are prepacked, but the rest takes " + (all.size() - given.size()));
        }
        return all;
    }

    /** Marks nodes that depend on parameters alone. */
    private static boolean[] still(Graph g) {
        boolean[] still = new boolean[g.nodes().size()];
        for (int i = 0; i < still.length; i++) {
            Graph.Node n = g.nodes().get(i);
            still[i] = !n.inputs().isEmpty() && !Segments.isUnique(n.operator());
            for (Graph.Ref r : n.inputs()) {
                int node = r.value() - g.variableCount();
                still[i] &= node < 0 ? r.value() >= g.inputs().size() : still[node];
            }
        }
        return still;
    }

    /** Marks nodes that produce results of the program; those are new arrays in each call. */
    private static boolean[] given(Graph g) {
        boolean[] given = new boolean[g.nodes().size()];
        g.outputs().forEach(r -> give(g, given, r));
        g.updates().forEach(u -> give(g, given, u.value()));
        return given;
    }

    /** Marks a result and the value it is a view of. */
    private static void give(Graph g, boolean[] given, Graph.Ref r) {
        int node = r.value() - g.variableCount();
        if (node >= 0) {
            given[node] = true;
            Graph.Node n = g.nodes().get(node);
            if (n.operator() instanceof ViewOperator) {
                give(g, given, n.inputs().get(0));
            }
        }
    }

    /** Marks those that the rest reads; it creates views itself. */
    private static boolean[] wanted(Graph g, boolean[] still, boolean... given) {
        boolean[] wanted = new boolean[still.length];
        for (int i = still.length - 1; i >= 0; i--) {
            Graph.Node user = g.nodes().get(i);
            boolean looks = !still[i] || given[i] || wanted[i] && isView(g, i);
            for (Graph.Ref r : user.inputs()) {
                int node = r.value() - g.variableCount();
                wanted[Math.max(0, node)] |= looks && node >= 0 && still[node];
            }
            wanted[i] &= !given[i];
        }
        return wanted;
    }

    private static boolean isView(Graph g, int node) {
        return g.nodes().get(node).operator() instanceof ViewOperator;
    }

    private static Program first(Program program, boolean[] still, boolean... wanted) {
        Graph g = program.graph();
        try (Replay replay = new Replay(program)) {
            List<NDArray> results = new ArrayList<>();
            for (int i = 0; i < still.length; i++) {
                if (still[i]) {
                    replay.keep(i);
                    for (int k = 0;
                            wanted[i]
                                    && !isView(g, i)
                                    && k < g.nodes().get(i).outputs().size();
                            k++) {
                        results.add(replay.value(new Graph.Ref(g.variableCount() + i, k)));
                    }
                }
            }
            GraphBuilder b = replay.builder();
            return new Program(b.build(results.toArray(new NDArray[0])), b.constantValues(), false);
        }
    }

    private static Program rest(
            Program program, boolean[] still, boolean[] given, boolean[] wanted, Map<Graph.Ref, String> names) {
        Graph g = program.graph();
        try (Replay replay = new Replay(program)) {
            for (int i = 0; i < still.length; i++) {
                Graph.Node n = g.nodes().get(i);
                NDArray[] prepared = new NDArray[n.outputs().size()];
                for (int k = 0; k < prepared.length; k++) {
                    String name = names.get(new Graph.Ref(g.variableCount() + i, k));
                    prepared[k] = name == null
                            ? null
                            : replay.builder()
                                    .parameter(new Graph.ParameterInfo(
                                            name, n.outputs().get(k), Role.CONSTANT, Optional.empty()));
                }
                if (still[i] && !given[i] && !(wanted[i] && isView(g, i))) {
                    replay.set(i, prepared);
                } else {
                    replay.keep(i);
                }
            }
            return replay.build();
        }
    }
}
