package io.kiln.graph;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.RowGradient;
import io.kiln.op.activation.Activation;
import io.kiln.op.control.GraphOperator;
import io.kiln.op.nn.Linear;
import io.kiln.op.sparse.EmbeddingBagOp;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Networks whose inputs are CSR matrices instead of dense ones. Each layer {@code act(x Wᵀ + b)} on such an input becomes
 * a weighted sum of rows of Wᵀ, {@link EmbeddingBagOp}: its cost depends on the elements of x, not on its columns, and the
 * gradient of Wᵀ is row-sparse.
 */
public final class SparseInputs {
    private static final List<String> PARTS = List.of(".indices", ".values", ".indptr");

    private SparseInputs() {}

    /**
     * A network with sparse inputs.
     *
     * @param graph the network; in the place of input {@code x} it has {@code x.indices} (int32), {@code x.values}
     *     (float32) and {@code x.indptr} (int32)
     * @param transposed the weights that it holds transposed, [in,units] instead of [units,in]
     */
    public record Rewritten(Graph graph, Set<String> transposed) {}

    /**
     * The inputs in the place of a sparse one.
     *
     * @param input the input's name
     * @return names of its indices, values and indptr
     */
    public static List<String> parts(String input) {
        return PARTS.stream().map(input::concat).toList();
    }

    /**
     * Why an input cannot be sparse.
     *
     * @param graph the network
     * @param input the input's name
     * @return what stands in the way, for a message; empty if only {@code Linear} layers read it
     */
    public static Optional<String> obstacle(Graph graph, String input) {
        int x = index(graph, input);
        Spec spec = graph.inputs().get(x).spec();
        if (spec.dtype() != DType.FLOAT32 || spec.shape().rank() != 2) {
            return Optional.of("is " + spec + ", not a float32 matrix");
        }
        if (graph.outputs().contains(new Graph.Ref(x, 0))) {
            return Optional.of("is an output, too");
        }
        for (Graph.Node n : graph.nodes()) {
            for (int k = 0; k < n.inputs().size(); k++) {
                if (n.inputs().get(k).value() == x) {
                    boolean linear = n.operator() instanceof Linear && k == 0;
                    if (!linear) {
                        return Optional.of("is read by " + n.name() + ", which needs a dense matrix");
                    }
                    int weight = n.inputs().get(1).value();
                    if (!isParameter(graph, weight) || !isOnlyWeightOf(graph, weight)) {
                        return Optional.of("is read by " + n.name() + ", whose weight is not a parameter of it alone");
                    }
                }
            }
        }
        return Optional.empty();
    }

    private static int index(Graph graph, String input) {
        for (int i = 0; i < graph.inputs().size(); i++) {
            if (graph.inputs().get(i).name().equals(input)) {
                return i;
            }
        }
        throw new IllegalArgumentException("sparseInputs: the graph has no input \"" + input + "\"; it has "
                + graph.inputs().stream().map(Graph.Input::name).toList());
    }

    private static boolean isParameter(Graph graph, int value) {
        return value >= graph.inputs().size() && value < graph.variableCount();
    }

    private static boolean isOnlyWeightOf(Graph graph, int weight) {
        int uses = 0;
        for (Graph.Node n : graph.nodes()) {
            uses += (int) n.inputs().stream().filter(r -> r.value() == weight).count();
        }
        return uses == 1
                && graph.outputs().stream().noneMatch(r -> r.value() == weight)
                && graph.updates().stream().noneMatch(u -> u.value().value() == weight);
    }

    /**
     * Rewrites a network for sparse inputs.
     *
     * @param graph the network
     * @param sparse names of the inputs that are CSR matrices; inputs that the graph does not have are ignored
     * @return the same function of these matrices, with equal results up to rounding
     * @throws IllegalArgumentException if there is an {@link #obstacle}
     */
    public static Rewritten rewrite(Graph graph, Collection<String> sparse) {
        Set<Integer> inputs = new LinkedHashSet<>();
        for (int i = 0; i < graph.inputs().size(); i++) {
            String name = graph.inputs().get(i).name();
            if (sparse.contains(name)) {
                obstacle(graph, name).ifPresent(why -> {
                    throw new IllegalArgumentException("sparseInputs: input " + name + " " + why);
                });
                inputs.add(i);
            }
        }
        try (GraphBuilder builder = GraphBuilder.open()) {
            return new Rewriting(graph, inputs, builder).run();
        }
    }

    /**
     * Whether operators only look up whole rows of a parameter, so that its gradient can be row-sparse.
     *
     * @param graph the network
     * @param parameter the parameter's name
     * @return false if anything else reads it, or if a look-up may pass a gradient to another of its inputs
     */
    public static boolean isOnlyLookedUp(Graph graph, String parameter) {
        int at = graph.inputs().size();
        while (!graph.parameters().get(at - graph.inputs().size()).name().equals(parameter)) {
            at++;
        }
        int value = at;
        boolean found = false;
        for (Graph.Node n : graph.nodes()) {
            for (int k = 0; k < n.inputs().size(); k++) {
                if (n.inputs().get(k).value() == value) {
                    boolean looksUp = k == 0
                            && n.operator() instanceof RowGradient r
                            && r.looksUpRows(graph.spec(n.inputs().get(0)).shape())
                            && n.inputs().stream().skip(1).noneMatch(other -> mayLead(graph, other));
                    if (!looksUp || n.operator() instanceof GraphOperator) {
                        return false;
                    }
                    found = true;
                }
            }
        }
        return found
                && graph.outputs().stream().noneMatch(r -> r.value() == value)
                && graph.updates().stream().noneMatch(u -> u.value().value() == value);
    }

    private static boolean mayLead(Graph graph, Graph.Ref value) {
        return value.value() >= graph.inputs().size()
                && graph.spec(value).dtype().isFloating();
    }

    /** One rewriting: the nodes are traced again, those on sparse inputs in another form. */
    private static final class Rewriting {
        private final Graph graph;
        private final Set<Integer> inputs;
        private final GraphBuilder builder;
        private final Set<String> transposed = new LinkedHashSet<>();
        private final NDArray[][] values;

        Rewriting(Graph graph, Set<Integer> inputs, GraphBuilder builder) {
            this.graph = graph;
            this.inputs = inputs;
            this.builder = builder;
            this.values = new NDArray[graph.variableCount() + graph.nodes().size()][];
        }

        Rewritten run() {
            for (int i = 0; i < graph.inputs().size(); i++) {
                Graph.Input in = graph.inputs().get(i);
                values[i] = inputs.contains(i) ? csr(in.name()) : new NDArray[] {builder.input(in.name(), in.spec())};
            }
            Set<Integer> tables = new LinkedHashSet<>();
            for (Graph.Node n : graph.nodes()) {
                if (isSparse(n)) {
                    tables.add(n.inputs().get(1).value());
                }
            }
            for (int k = 0; k < graph.parameters().size(); k++) {
                int v = graph.inputs().size() + k;
                Graph.ParameterInfo p = graph.parameters().get(k);
                values[v] = new NDArray[] {builder.parameter(tables.contains(v) ? transposed(p) : p)};
            }
            int at = graph.variableCount();
            for (Graph.Node n : graph.nodes()) {
                values[at++] = node(n);
            }
            for (Graph.Update u : graph.updates()) {
                builder.update(u.parameter(), value(u.value()));
            }
            NDArray[] outputs = graph.outputs().stream().map(this::value).toArray(NDArray[]::new);
            return new Rewritten(builder.build(outputs).withOutputNames(graph.outputNames()), transposed);
        }

        private NDArray[] csr(String name) {
            Shape any = Shape.of(Shape.UNKNOWN);
            DType[] types = {DType.INT32, DType.FLOAT32, DType.INT32};
            List<NDArray> parts = new ArrayList<>();
            for (int k = 0; k < types.length; k++) {
                parts.add(builder.input(parts(name).get(k), new Spec(any, types[k])));
            }
            return parts.toArray(new NDArray[0]);
        }

        private Graph.ParameterInfo transposed(Graph.ParameterInfo p) {
            transposed.add(p.name());
            Shape s = p.spec().shape();
            return new Graph.ParameterInfo(
                    p.name(), new Spec(Shape.of(s.dim(1), s.dim(0)), p.spec().dtype()), p.role(), p.initializer());
        }

        private boolean isSparse(Graph.Node n) {
            return n.operator() instanceof Linear
                    && inputs.contains(n.inputs().get(0).value());
        }

        private NDArray value(Graph.Ref r) {
            return values[r.value()][r.output()];
        }

        private NDArray[] node(Graph.Node n) {
            int slash = n.name().lastIndexOf('/');
            if (slash >= 0) {
                builder.enter(n.name().substring(0, slash));
            }
            try {
                if (isSparse(n)) {
                    return new NDArray[] {bag(n)};
                }
                NDArray[] in = n.inputs().stream().map(this::value).toArray(NDArray[]::new);
                return Dispatch.run(n.operator(), in);
            } finally {
                if (slash >= 0) {
                    builder.leave();
                }
            }
        }

        private NDArray bag(Graph.Node n) {
            NDArray[] x = values[n.inputs().get(0).value()];
            Activation activation = ((Linear) n.operator()).activation();
            NDArray z = Dispatch.one(new EmbeddingBagOp(), value(n.inputs().get(1)), x[0], x[1], x[2]);
            return activation.apply(
                    n.inputs().size() > 2 ? z.add(value(n.inputs().get(2))) : z);
        }
    }
}
