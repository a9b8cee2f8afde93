package io.kiln.compile;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Backend;
import io.kiln.graph.Graph;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Creation;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.RowGradient;
import io.kiln.op.ViewOperator;
import io.kiln.op.internal.Keeping;
import io.kiln.op.shape.Concat;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Adds the backward pass: each operator's gradient is run on traced arrays, in the order in which {@link Autograd}
 * would call it. The gradients are additional outputs, in the order in which they become final.
 */
final class Differentiate implements Pass {
    private final Backend backend;
    private final Set<String> variables;
    private final boolean fromOnes;
    private final GraphCompiler.ByRows byRows;

    /**
     * Creates the pass.
     *
     * @param backend the device for which the program is compiled
     * @param variables names of the inputs and parameters with respect to which to differentiate
     * @param fromOnes whether the first output is a loss whose own gradient is 1 and the others have none; otherwise
     *     each output through which a gradient can flow gets an additional input, its gradient
     */
    Differentiate(Backend backend, Set<String> variables, boolean fromOnes) {
        this(backend, variables, fromOnes, GraphCompiler.ByRows.NONE);
    }

    /** Creates the pass, with gradients by rows. */
    Differentiate(Backend backend, Set<String> variables, boolean fromOnes, GraphCompiler.ByRows byRows) {
        this.backend = backend;
        this.variables = Set.copyOf(variables);
        this.byRows = byRows;
        this.fromOnes = fromOnes;
    }

    @Override
    public Program run(Program program) {
        try (Replay replay = new Replay(program)) {
            return new Walk(program, replay).run();
        }
    }

    private final class Walk {
        private final Program program;
        private final Graph graph;
        private final Replay replay;
        private final int first;
        private final boolean[][] leads;
        /** The operators that run forward, by node. */
        private final Operator[] forward;

        private final Map<Graph.Ref, NDArray> gradients = new HashMap<>();
        private final Map<Integer, Integer> pending = new HashMap<>();
        private final Map<Integer, List<NDArray[]>> rows = new HashMap<>();
        /** The values on which the heads depend: they have gradients, which are zero if none flows. */
        private final Set<Graph.Ref> reached = new HashSet<>();

        private final List<Integer> heads = new ArrayList<>();
        private final List<String> names = new ArrayList<>();
        private final List<NDArray> results = new ArrayList<>();

        Walk(Program program, Replay replay) {
            this.program = program;
            this.graph = program.graph();
            this.replay = replay;
            this.first = graph.variableCount();
            this.leads = new boolean[first + graph.nodes().size()][];
            this.forward = graph.nodes().stream().map(Graph.Node::operator).toArray(Operator[]::new);
        }

        Program run() {
            findLeading();
            keepForward();
            findRows();
            seed();
            for (int v = 0; v < first; v++) {
                if (leads[v][0] && !pending.containsKey(v)) {
                    finish(v);
                }
            }
            for (int i = graph.nodes().size() - 1; i >= 0; i--) {
                Graph.Node node = graph.nodes().get(i);
                if (!takesPart(node)) {
                    continue;
                }
                walk(i, node);
                for (Graph.Ref r : node.inputs()) {
                    if (r.value() < first && leads[r.value()][0] && pending.merge(r.value(), -1, Integer::sum) == 0) {
                        finish(r.value());
                    }
                }
            }
            return replay.build(heads, names, results);
        }

        /** The nodes as they are; those through which a gradient may flow with what the backend keeps of them. */
        private void keepForward() {
            for (int i = 0; i < graph.nodes().size(); i++) {
                Graph.Node node = graph.nodes().get(i);
                if (takesPart(node) && !(node.operator() instanceof ViewOperator)) {
                    Spec[] inputs = node.inputs().stream().map(graph::spec).toArray(Spec[]::new);
                    forward[i] = Keeping.of(backend, node.operator(), inputs);
                }
                replay.set(i, replay.run(node, forward[i], replay.inputs(node)));
            }
        }

        private void findLeading() {
            for (int v = 0; v < first; v++) {
                leads[v] = new boolean[] {variables.contains(name(v))};
            }
            for (int i = 0; i < graph.nodes().size(); i++) {
                Graph.Node node = graph.nodes().get(i);
                boolean[] outputs = new boolean[node.outputs().size()];
                leads[first + i] = outputs;
                if (!takesPart(node)) {
                    continue;
                }
                for (int k = 0; k < outputs.length; k++) {
                    outputs[k] = node.outputs().get(k).dtype().isFloating();
                }
                for (Graph.Ref r : node.inputs()) {
                    if (r.value() < first && leads[r.value()][0]) {
                        pending.merge(r.value(), 1, Integer::sum);
                    }
                }
            }
        }

        /** Parameters of which only rows are looked up, if their gradients are requested by rows. */
        private void findRows() {
            Map<Integer, Integer> lookUps = new HashMap<>();
            Map<Integer, Long> counts = new HashMap<>();
            Set<Integer> whole = new HashSet<>();
            graph.outputs().forEach(r -> whole.add(r.value()));
            graph.updates().forEach(u -> whole.add(u.value().value()));
            for (Graph.Node node : graph.nodes()) {
                for (int k = 0; k < node.inputs().size(); k++) {
                    int v = node.inputs().get(k).value();
                    if (k == 0
                            && node.operator() instanceof RowGradient look
                            && look.looksUpRows(graph.spec(node.inputs().get(0)).shape())
                            && node.inputs().stream().skip(1).noneMatch(this::leads)) {
                        lookUps.merge(v, 1, Integer::sum);
                        counts.merge(v, graph.spec(node.inputs().get(1)).shape().size(), Long::sum);
                    } else {
                        whole.add(v);
                    }
                }
            }
            for (Map.Entry<Integer, Integer> e : lookUps.entrySet()) {
                int v = e.getKey();
                if (v >= graph.inputs().size()
                        && v < first
                        && leads[v][0]
                        && !whole.contains(v)
                        && byRows.keeps(name(v), e.getValue(), counts.get(v))) {
                    rows.put(v, new ArrayList<>());
                }
            }
        }

        private boolean takesPart(Graph.Node node) {
            return node.operator().followsInputs() && node.inputs().stream().anyMatch(this::leads);
        }

        private boolean leads(Graph.Ref r) {
            return leads[r.value()][r.output()];
        }

        private void seed() {
            for (int i = 0; i < graph.outputs().size(); i++) {
                Graph.Ref r = graph.outputs().get(i);
                if (!leads(r) || fromOnes && i > 0) {
                    continue;
                }
                NDArray y = replay.value(r);
                NDArray g;
                if (fromOnes) {
                    g = y.factory().ones(y.shape(), y.dtype());
                } else {
                    g = replay.builder().input("gradient of output " + i, y.spec());
                    heads.add(i);
                }
                accumulate(r, g);
                reached.add(r);
            }
            for (int i = graph.nodes().size() - 1; i >= 0; i--) {
                Graph.Node node = graph.nodes().get(i);
                for (int k = 0; takesPart(node) && k < node.outputs().size(); k++) {
                    if (reached.contains(new Graph.Ref(first + i, k))) {
                        node.inputs().stream().filter(this::leads).forEach(reached::add);
                    }
                }
            }
        }

        private void walk(int at, Graph.Node node) {
            NDArray[] dy = new NDArray[node.outputs().size()];
            boolean any = false;
            for (int k = 0; k < dy.length; k++) {
                dy[k] = gradients.remove(new Graph.Ref(first + at, k));
                any |= dy[k] != null;
            }
            if (!any) {
                return;
            }
            List<NDArray[]> found = rows.get(node.inputs().get(0).value());
            if (found != null) {
                found.add(replay.at(node, () -> rows(at, node, dy)));
                return;
            }
            NDArray[] dx = replay.at(node, () -> {
                NDArray[] g = forward[at].gradient(new Context(at, node, dy));
                for (int k = 0; k < g.length; k++) {
                    if (g[k] != null && leads(node.inputs().get(k))) {
                        accumulate(node.inputs().get(k), g[k]);
                    }
                }
                return g;
            });
            if (dx.length != node.inputs().size()) {
                throw new IllegalStateException("compile: the gradient of " + node.name() + " gave " + dx.length
                        + " arrays for " + node.inputs().size() + " inputs");
            }
        }

        /** The indices of the rows that an operator looks up, and their gradients. */
        private NDArray[] rows(int at, Graph.Node node, NDArray... dy) {
            NDArray numbers = replay.value(node.inputs().get(1));
            Shape table = replay.value(node.inputs().get(0)).shape();
            long n = numbers.shape().size();
            NDArray rows = ((RowGradient) node.operator()).lookedUpRows(new Context(at, node, dy));
            return new NDArray[] {numbers.reshape(Shape.of(n)), rows.reshape(table.with(0, n))};
        }

        private static NDArray joined(List<NDArray[]> found, int which) {
            if (found.size() == 1) {
                return found.get(0)[which];
            }
            NDArray[] all = found.stream()
                    .map(f -> which == 0 ? f[0].cast(DType.INT64) : f[1])
                    .toArray(NDArray[]::new);
            return Dispatch.one(new Concat(0), all);
        }

        private void accumulate(Graph.Ref to, NDArray gradient) {
            NDArray like = replay.value(to);
            NDArray g = gradient.dtype() == like.dtype() ? gradient : gradient.cast(like.dtype());
            NDArray sum = gradients.get(to);
            gradients.put(to, sum == null ? g : sum.add(g));
        }

        private void finish(int variable) {
            List<NDArray[]> found = rows.get(variable);
            if (found != null && !found.isEmpty()) {
                names.add(name(variable));
                results.add(joined(found, 1));
                names.add(Program.numbersOf(name(variable)));
                results.add(joined(found, 0));
                return;
            }
            Graph.Ref ref = new Graph.Ref(variable, 0);
            if (reached.contains(ref)) {
                NDArray g = gradients.remove(ref);
                names.add(name(variable));
                results.add(g == null ? Creation.zerosLike(replay.value(ref)) : g);
            }
        }

        private String name(int variable) {
            int inputs = graph.inputs().size();
            return variable < inputs
                    ? graph.inputs().get(variable).name()
                    : graph.parameters().get(variable - inputs).name();
        }

        /** The context of a node's gradient. */
        private final class Context implements GradientContext {
            private final Graph.Node node;
            private final NDArray[] outputGradients;
            private final int number;

            Context(int at, Graph.Node node, NDArray... outputGradients) {
                this.node = node;
                this.outputGradients = outputGradients;
                this.number = first + at;
            }

            @Override
            public NDArray input(int i) {
                return replay.value(node.inputs().get(i));
            }

            @Override
            public int inputs() {
                return node.inputs().size();
            }

            @Override
            public NDArray output(int i) {
                return replay.value(new Graph.Ref(number, i));
            }

            @Override
            public NDArray outputGradient(int i) {
                return i < outputGradients.length ? outputGradients[i] : null; // none flows into what is kept
            }

            @Override
            public boolean needs(int i) {
                return leads(node.inputs().get(i));
            }

            @Override
            public boolean training() {
                return program.training();
            }
        }
    }
}
