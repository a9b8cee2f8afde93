package io.kiln.nn;

import io.kiln.graph.Graph;
import io.kiln.graph.GraphBuilder;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Autocast;
import io.kiln.op.CastLists;
import io.kiln.op.Dispatch;
import io.kiln.op.Precision;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A block that runs a graph: the form of a network on executors and after reading it from disk. It is trained, saved
 * and traced like any other block.
 */
public sealed class GraphBlock extends Block permits SymbolBlock {
    private final Graph graph;
    private final Map<String, Parameter> byName = new LinkedHashMap<>();

    /**
     * Creates a block with the parameters of a graph.
     *
     * @param graph the graph
     */
    public GraphBlock(Graph graph) {
        this(graph, Map.of());
    }

    /** Creates a block that shares some of its parameters with others. */
    GraphBlock(Graph graph, Map<String, Parameter> shared) {
        this.graph = graph;
        for (Graph.ParameterInfo p : graph.parameters()) {
            Parameter own = shared.get(p.name());
            byName.put(p.name(), addParameter(own != null ? own : parameter(p)));
        }
    }

    private static Parameter parameter(Graph.ParameterInfo p) {
        return new Parameter(
                p.name(),
                p.role(),
                p.spec().dtype(),
                p.spec().shape(),
                p.initializer().orElse(null));
    }

    /**
     * The graph.
     *
     * @return the graph
     */
    public final Graph graph() {
        return graph;
    }

    @Override
    public final List<String> inputNames() {
        return graph.inputs().stream().map(Graph.Input::name).toList();
    }

    @Override
    public final List<String> outputNames() {
        return graph.outputNames();
    }

    /**
     * The same network in mixed precision: its casts are nodes of the graph, its parameters are those of this block.
     *
     * @param precision the narrow dtype
     * @param lists the dtypes in which operators compute
     * @return the graph; its outputs may have the narrow dtype
     */
    public Graph inPrecision(Precision precision, CastLists lists) {
        try (Autocast.Mode cast = Autocast.open(precision, lists)) {
            return trace(graph.inputs().stream().map(Graph.Input::spec).toArray(Spec[]::new));
        }
    }

    @Override
    public NDArray forward(NDArray x) {
        return forwardAll(x)[0];
    }

    @Override
    public NDArray[] forwardAll(NDArray... inputs) {
        if (GraphBuilder.current() != null) {
            return replay(inputs);
        }
        Map<String, NDArray> values = new LinkedHashMap<>();
        byName.forEach((n, p) -> values.put(n, p.value()));
        return graph.run(values, inputs);
    }

    /** Replays the nodes into the graph that this thread is tracing. */
    private NDArray[] replay(NDArray... inputs) {
        NDArray[][] all = new NDArray[graph.variableCount() + graph.nodes().size()][];
        int next = 0;
        for (NDArray x : inputs) {
            all[next++] = new NDArray[] {x};
        }
        for (Parameter p : byName.values()) {
            all[next++] = new NDArray[] {p.data()};
        }
        for (Graph.Node node : graph.nodes()) {
            all[next++] = Dispatch.run(node.operator(), pick(all, node.inputs()));
        }
        for (Graph.Update u : graph.updates()) {
            byName.get(u.parameter()).update(pick(all, List.of(u.value()))[0]);
        }
        return pick(all, graph.outputs());
    }

    private static NDArray[] pick(NDArray[][] all, List<Graph.Ref> refs) {
        return refs.stream().map(r -> all[r.value()][r.output()]).toArray(NDArray[]::new);
    }
}
