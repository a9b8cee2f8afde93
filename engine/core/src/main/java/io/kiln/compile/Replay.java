package io.kiln.compile;

import io.kiln.graph.Graph;
import io.kiln.graph.GraphBuilder;
import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;
import io.kiln.op.Operator;
import java.util.Arrays;
import java.util.List;

/**
 * Rewrites a program node by node, as most passes do. Operators with only constant inputs are run at once, and their
 * results are constants.
 *
 * <p>Life cycle: open on a thread; {@link #keep} or {@link #set} each node in order; {@link #build}; close.
 */
final class Replay implements AutoCloseable {
    private final Program program;
    private final Graph graph;
    private final GraphBuilder builder = GraphBuilder.open();
    private final NDArray[][] values;

    Replay(Program program) {
        this.program = program;
        this.graph = program.graph();
        values = new NDArray[graph.variableCount() + graph.nodes().size()][];
        int v = 0;
        for (Graph.Input input : graph.inputs()) {
            values[v++] = new NDArray[] {builder.input(input.name(), input.spec())};
        }
        for (Graph.ParameterInfo p : graph.parameters()) {
            NDArray constant = program.constants().get(p.name());
            values[v++] = new NDArray[] {constant != null ? constant : builder.parameter(p)};
        }
    }

    GraphBuilder builder() {
        return builder;
    }

    /** The value of the new graph that replaces a value of the old one. */
    NDArray value(Graph.Ref ref) {
        return values[ref.value()][ref.output()];
    }

    NDArray[] inputs(Graph.Node node) {
        return node.inputs().stream().map(this::value).toArray(NDArray[]::new);
    }

    /** Copies a node unchanged. */
    void keep(int node) {
        Graph.Node n = graph.nodes().get(node);
        set(node, run(n, n.operator(), inputs(n)));
    }

    void keepAll() {
        for (int i = 0; i < graph.nodes().size(); i++) {
            keep(i);
        }
    }

    /** Calls an operator; its node is named after the place of a node of the old graph. */
    NDArray[] run(Graph.Node place, Operator operator, NDArray... inputs) {
        return at(place, () -> Dispatch.run(operator, inputs));
    }

    /** Runs code; its nodes are named after the place of a node of the old graph. */
    NDArray[] at(Graph.Node place, Code code) {
        int slash = place.name().lastIndexOf('/');
        if (slash <= 0) {
            return code.run();
        }
        builder.enter(place.name().substring(0, slash));
        try {
            return code.run();
        } finally {
            builder.leave();
        }
    }

    /** Calls of operators. */
    interface Code {
        NDArray[] run();
    }

    /** Sets the values that replace the outputs of a node. */
    void set(int node, NDArray... outputs) {
        values[graph.variableCount() + node] = outputs;
    }

    /** The new program, with the old one's outputs. */
    Program build() {
        return build(program.heads(), program.gradients(), List.of());
    }

    /** The new program, with more outputs: gradients. */
    Program build(List<Integer> heads, List<String> gradients, List<NDArray> gradientValues) {
        for (Graph.Update u : graph.updates()) {
            builder.update(u.parameter(), value(u.value()));
        }
        int old = graph.outputs().size();
        NDArray[] outputs = new NDArray[old + gradientValues.size()];
        Arrays.setAll(outputs, i -> i < old ? value(graph.outputs().get(i)) : gradientValues.get(i - old));
        Graph result = builder.build(outputs);
        return new Program(result, builder.constantValues(), heads, gradients, program.training());
    }

    @Override
    public void close() {
        builder.close();
    }
}
