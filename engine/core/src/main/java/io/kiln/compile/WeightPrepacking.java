package io.kiln.compile;

import io.kiln.graph.Graph;
import io.kiln.graph.GraphBuilder;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Role;
import io.kiln.op.ViewOperator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

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

    /**
     * Splits a program; null if no part depends on parameters alone. Weights that a kernel of the rest takes with their channels last are
     * kept so.
     */
    static WeightPrepacking of(Program program, Target target) {
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
        if (names.isEmpty()) {
            return null;
        }
        Set<Graph.Ref> last = channelsLast(g, still, names.keySet(), target);
        return new WeightPrepacking(
                first(program, still, last, wanted), rest(program, still, given, wanted, names, last));
    }

    /** Those of prepacked values that a kernel of the rest would copy in each call to have channels, the second axis, last. */
    private static Set<Graph.Ref> channelsLast(Graph g, boolean[] still, Set<Graph.Ref> prepacked, Target target) {
        Set<Graph.Ref> last = new HashSet<>();
        for (int i = 0; i < still.length; i++) {
            Graph.Node user = g.nodes().get(i);
            for (Graph.Ref r : still[i] ? List.<Graph.Ref>of() : user.inputs()) {
                if (prepacked.contains(r)) {
                    Spec spec = g.spec(r);
                    long[] layout = target.inputLayout(user.operator(), spec);
                    if (layout != null && Arrays.equals(layout, spec.shape().channelsLastStrides())) {
                        last.add(r);
                    }
                }
            }
        }
        return last;
    }

    /** The channels of an array become its last axis. */
    private static NDArray turned(NDArray x) {
        int rank = x.shape().rank();
        int[] axes = new int[rank];
        Arrays.setAll(axes, d -> d == 0 ? 0 : d == rank - 1 ? 1 : d + 1);
        return x.transpose(axes);
    }

    /** The last axis becomes that of the channels again, in the same memory. */
    private static NDArray turnedBack(NDArray x) {
        int rank = x.shape().rank();
        int[] axes = new int[rank];
        Arrays.setAll(axes, d -> d == 0 ? 0 : d == 1 ? rank - 1 : d - 1);
        return x.transpose(axes);
    }

    private static Spec turned(Spec x) {
        long[] dims = x.shape().dims();
        long[] turned = dims.clone();
        System.arraycopy(dims, 2, turned, 1, dims.length - 2);
        turned[dims.length - 1] = dims[1];
        return new Spec(Shape.of(turned), x.dtype());
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

    private static Program first(Program program, boolean[] still, Set<Graph.Ref> last, boolean... wanted) {
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
                        Graph.Ref r = new Graph.Ref(g.variableCount() + i, k);
                        NDArray result = replay.value(r);
                        results.add(last.contains(r) ? turned(result) : result);
                    }
                }
            }
            GraphBuilder b = replay.builder();
            return new Program(b.build(results.toArray(new NDArray[0])), b.constantValues(), false);
        }
    }

    private static Program rest(
            Program program,
            boolean[] still,
            boolean[] given,
            boolean[] wanted,
            Map<Graph.Ref, String> names,
            Set<Graph.Ref> last) {
        Graph g = program.graph();
        try (Replay replay = new Replay(program)) {
            for (int i = 0; i < still.length; i++) {
                Graph.Node n = g.nodes().get(i);
                NDArray[] prepared = new NDArray[n.outputs().size()];
                for (int k = 0; k < prepared.length; k++) {
                    Graph.Ref r = new Graph.Ref(g.variableCount() + i, k);
                    String name = names.get(r);
                    if (name != null) {
                        Spec spec = n.outputs().get(k);
                        NDArray parameter = replay.builder()
                                .parameter(new Graph.ParameterInfo(
                                        name, last.contains(r) ? turned(spec) : spec, Role.CONSTANT, Optional.empty()));
                        prepared[k] = last.contains(r) ? turnedBack(parameter) : parameter;
                    }
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
