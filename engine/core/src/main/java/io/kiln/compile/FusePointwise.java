package io.kiln.compile;

import io.kiln.graph.Graph;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Cast;
import io.kiln.op.Operator;
import io.kiln.op.Pointwise;
import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.stream.IntStream;

/**
 * Fuses pointwise operators on arrays of the same shape into programs that read each input and write each result once.
 * A result that is also used elsewhere becomes an additional output. Operators are fused if that creates no cycle, and
 * only in float32 and float64: for these the fused program rounds after each operator exactly as the separate operators
 * do.
 */
final class FusePointwise implements Pass {
    /** A program's tiles should stay in the first-level cache. */
    private static final int MAX_INPUTS = 12;

    private static final int MAX_MEMBERS = 40;

    private final Target target;
    private final boolean separate;

    FusePointwise(Target target) {
        this(target, false);
    }

    /**
     * Creates the pass.
     *
     * @param target the device
     * @param separate whether forward and backward pass stay separate, so that values recomputed for the backward pass
     *     are not fused with those that they replace
     */
    FusePointwise(Target target, boolean separate) {
        this.target = target;
        this.separate = separate;
    }

    @Override
    public Program run(Program program) {
        return new Fusion(program).run();
    }

    private final class Fusion {
        private final Program program;
        private final Graph graph;
        private final int first;
        private final int count;
        private final int[] group;
        private final List<List<Integer>> members = new ArrayList<>();
        private final DType[] types;
        private final List<List<Integer>> users = new ArrayList<>();
        private final int[][] needs;
        private final boolean[] lasting;
        private final boolean[] forward;
        /** The latest traversal that has reached each group. */
        private final int[] seen;

        private int walk;

        Fusion(Program program) {
            this.program = program;
            graph = program.graph();
            first = graph.variableCount();
            count = graph.nodes().size();
            group = new int[count];
            types = new DType[count];
            lasting = new boolean[count];
            seen = new int[count];
            needs = needs();
            forward = Segments.forward(program);
            for (int i = 0; i < count; i++) {
                users.add(new ArrayList<>());
                for (Graph.Ref r : graph.nodes().get(i).inputs()) {
                    if (r.value() >= first) {
                        users.get(r.value() - first).add(i);
                    }
                }
            }
            graph.outputs().forEach(this::last);
            graph.updates().forEach(u -> last(u.value()));
        }

        /**
         * For each node, the nodes that must precede it: those that it reads and, if it draws, the previous one that
         * draws. Calls that communicate with other workers are in the same chain: these may have batches of other
         * shapes, and communicate in the same order.
         */
        private int[][] needs() {
            int[][] all = new int[count][];
            int draw = -1;
            for (int i = 0; i < count; i++) {
                Graph.Node node = graph.nodes().get(i);
                IntStream read = node.inputs().stream().mapToInt(r -> r.value() - first);
                boolean unique = Segments.isUnique(node.operator());
                all[i] = IntStream.concat(read, IntStream.of(unique ? draw : -1))
                        .filter(n -> n >= 0)
                        .toArray();
                draw = unique ? i : draw;
            }
            return all;
        }

        private void last(Graph.Ref r) {
            if (r.value() >= first) {
                lasting[r.value() - first] = true;
            }
        }

        Program run() {
            for (int i = 0; i < count; i++) {
                group[i] = i;
                members.add(new ArrayList<>(List.of(i)));
                types[i] = type(graph.nodes().get(i));
            }
            for (int i = 0; i < count; i++) {
                if (types[i] != null) {
                    for (Graph.Ref r : graph.nodes().get(i).inputs()) {
                        join(r.value() - first, i);
                    }
                }
            }
            try (Replay replay = new Replay(program)) {
                for (int g : order()) {
                    List<Integer> nodes = members.get(g);
                    if (types[nodes.get(0)] == null) {
                        replay.keep(nodes.get(0));
                    } else {
                        emit(replay, nodes);
                    }
                }
                return replay.build();
            }
        }

        /** The dtype in which a fused node is computed; null if it is not to be fused. */
        private DType type(Graph.Node node) {
            Spec y = node.outputs().get(0);
            Operator op = node.operator();
            Spec[] inputs = node.inputs().stream().map(graph::spec).toArray(Spec[]::new);
            DType type;
            if (op instanceof Cast) {
                boolean exact = inputs[0].dtype() == DType.BOOL || inputs[0].dtype() == DType.UINT8;
                type = exact ? y.dtype() : null;
            } else if (op instanceof Pointwise p && target.fuses(p, y)) {
                type = Pointwise.computeType(inputs, y);
            } else {
                return null;
            }
            boolean computed = type == DType.FLOAT32 || type == DType.FLOAT64;
            return computed
                            && (y.dtype() == type || y.dtype() == DType.BOOL)
                            && y.shape().size() > 0
                    ? type
                    : null;
        }

        private void join(int producer, int node) {
            if (producer < 0 || types[producer] == null || types[producer] != types[node]) {
                return;
            }
            int a = group[producer];
            int b = group[node];
            if (a == b
                    || (separate || !program.heads().isEmpty()) // otherwise its inputs are not available yet
                            && forward[producer] != forward[node]
                    || !shape(producer).equals(shape(node))
                    || members.get(a).size() + members.get(b).size() > MAX_MEMBERS
                    || reaches(a, b)
                    // Nodes are fused in order: no earlier node depends on a node that is still alone.
                    || members.get(b).size() > 1 && reaches(b, a)) {
                return;
            }
            List<Integer> joined = new ArrayList<>(members.get(a));
            joined.addAll(members.get(b));
            joined.sort(Comparator.naturalOrder());
            if (inputs(joined).size() > MAX_INPUTS) {
                return;
            }
            members.set(a, joined);
            members.set(b, List.of());
            joined.forEach(m -> group[m] = a);
        }

        private Shape shape(int node) {
            return graph.nodes().get(node).outputs().get(0).shape();
        }

        /** Whether group b depends on group a through a third one. */
        private boolean reaches(int a, int b) {
            walk++;
            List<Integer> stack = new ArrayList<>();
            push(b, a, stack);
            while (!stack.isEmpty()) {
                int g = stack.remove(stack.size() - 1);
                if (g == a) {
                    return true;
                }
                push(g, -1, stack);
            }
            return false;
        }

        private void push(int g, int but, List<Integer> stack) {
            for (int m : members.get(g)) {
                for (int n : needs[m]) {
                    int before = group[n];
                    if (before != but && before != g && seen[before] != walk) {
                        seen[before] = walk;
                        stack.add(before);
                    }
                }
            }
        }

        /**
         * The groups in an order in which each follows those it depends on, as close to the original order as possible.
         */
        private List<Integer> order() {
            int[] missing = new int[count];
            Map<Integer, List<Integer>> after = new HashMap<>();
            for (int i = 0; i < count; i++) {
                for (int n : needs[i]) {
                    int before = group[n];
                    if (before != group[i]) {
                        after.computeIfAbsent(before, k -> new ArrayList<>()).add(group[i]);
                        missing[group[i]]++;
                    }
                }
            }
            PriorityQueue<Integer> ready = new PriorityQueue<>(Comparator.comparingInt(this::last));
            for (int g = 0; g < count; g++) {
                if (!members.get(g).isEmpty() && missing[g] == 0) {
                    ready.add(g);
                }
            }
            List<Integer> order = new ArrayList<>();
            while (!ready.isEmpty()) {
                int g = ready.remove();
                order.add(g);
                for (int user : after.getOrDefault(g, List.of())) {
                    if (--missing[user] == 0) {
                        ready.add(user);
                    }
                }
            }
            return order;
        }

        private int last(int g) {
            return members.get(g).get(members.get(g).size() - 1);
        }

        /** The inputs of a group: values from outside it, except for constants with one element. */
        private Map<Graph.Ref, Integer> inputs(List<Integer> nodes) {
            Map<Graph.Ref, Integer> inputs = new LinkedHashMap<>();
            for (int m : nodes) {
                for (Graph.Ref r : graph.nodes().get(m).inputs()) {
                    if (!nodes.contains(r.value() - first) && constant(r) == null) {
                        inputs.putIfAbsent(r, inputs.size());
                    }
                }
            }
            return inputs;
        }

        private NDArray constant(Graph.Ref r) {
            int p = r.value() - graph.inputs().size();
            if (p < 0 || r.value() >= first) {
                return null;
            }
            NDArray c = program.constants().get(graph.parameters().get(p).name());
            return c != null && c.dtype().isFloating() && isUniform(c) ? c : null;
        }

        private boolean isUniform(NDArray c) {
            for (int i = 0; i < c.shape().rank(); i++) {
                if (c.shape().dim(i) != 1 && c.strides()[i] != 0) {
                    return false;
                }
            }
            return c.size() > 0;
        }

        private void emit(Replay replay, List<Integer> nodes) {
            Map<Graph.Ref, Integer> inputs = inputs(nodes);
            Map<Graph.Ref, Expr> values = new HashMap<>();
            inputs.forEach((r, i) -> values.put(r, Expr.input(i)));
            for (int m : nodes) {
                Graph.Node node = graph.nodes().get(m);
                Expr[] x = node.inputs().stream()
                        .map(r -> values.computeIfAbsent(r, c -> Expr.constant(first(constant(c)))))
                        .toArray(Expr[]::new);
                values.put(
                        new Graph.Ref(first + m, 0), node.operator() instanceof Pointwise p ? p.expression(x) : x[0]);
            }
            List<Integer> results =
                    nodes.stream().filter(m -> isUsedOutside(m, nodes)).toList();
            if (results.isEmpty()) {
                nodes.forEach(m -> replay.set(m, new NDArray[1]));
                return;
            }
            FusedPointwise fused = new FusedPointwise(
                    PointwiseProgram.of(results.stream()
                            .map(m -> values.get(new Graph.Ref(first + m, 0)))
                            .toArray(Expr[]::new)),
                    shape(nodes.get(0)),
                    results.stream()
                            .map(m -> graph.nodes().get(m).outputs().get(0).dtype())
                            .toList(),
                    nodes.stream()
                            .map(m -> graph.nodes().get(m).operator().name())
                            .toList());
            Graph.Node place = graph.nodes().get(nodes.get(nodes.size() - 1));
            NDArray[] read = inputs.keySet().stream().map(replay::value).toArray(NDArray[]::new);
            NDArray[] written = read.length == 0 ? replay.builder().apply(fused) : replay.run(place, fused, read);
            for (int i = 0; i < written.length; i++) {
                replay.set(results.get(i), written[i]);
            }
        }

        private static double first(NDArray constant) {
            return constant.view(Shape.scalar(), new long[0], 0).item();
        }

        private boolean isUsedOutside(int node, List<Integer> nodes) {
            return lasting[node] || users.get(node).stream().anyMatch(u -> !nodes.contains(u));
        }
    }
}
