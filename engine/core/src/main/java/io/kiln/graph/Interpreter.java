package io.kiln.graph;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Context;
import io.kiln.backend.CurrentLayer;
import io.kiln.ndarray.IndexRangeException;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.observe.Observation;
import io.kiln.op.Dispatch;
import java.util.List;
import java.util.Map;

/** One run of a graph, node by node. */
final class Interpreter {
    private final Graph graph;
    private final Map<String, NDArray> parameters;
    private final NDArray[][] values;

    Interpreter(Graph graph, Map<String, NDArray> parameters) {
        this.graph = graph;
        this.parameters = parameters;
        this.values = new NDArray[graph.variableCount() + graph.nodes().size()][];
    }

    NDArray[] run(NDArray... data) {
        bind(data);
        if (graph.variableCount() == 0 || values[0][0].isTraced()) {
            return Autograd.isRecording() ? compute() : computeAndFree();
        }
        try (Context.Switch there = Context.switchTo(values[0][0].backend())) {
            return Autograd.isRecording() ? compute() : computeAndFree();
        }
    }

    private NDArray[] computeAndFree() {
        try (Scope scope = Scope.open()) {
            NDArray[] results = compute();
            for (NDArray r : results) {
                scope.keep(r);
            }
            return results;
        }
    }

    private NDArray[] compute() {
        List<Graph.Node> nodes = graph.nodes();
        int first = graph.variableCount();
        int[] lastUse = Autograd.isRecording() ? null : lastUses();
        Observation observation = Observation.current();
        try (CurrentLayer layer = CurrentLayer.enterGraph()) {
            for (int i = 0; i < nodes.size(); i++) {
                Graph.Node node = nodes.get(i);
                NDArray[] in = new NDArray[node.inputs().size()];
                for (int k = 0; k < in.length; k++) {
                    in[k] = value(node.inputs().get(k));
                }
                layer.node(node.name());
                try {
                    values[first + i] = observation == null
                            ? Dispatch.run(node.operator(), in)
                            : observation.node(node.name(), () -> Dispatch.run(node.operator(), in));
                } catch (ShapeException e) {
                    throw new ShapeException("in node " + node.name() + ": " + e.getMessage());
                } catch (IndexRangeException e) {
                    throw e.atNode(node.name());
                }
                if (lastUse != null) {
                    free(node, first + i, lastUse);
                }
            }
        }
        if (Autograd.isTraining()) {
            for (Graph.Update u : graph.updates()) {
                parameters.get(u.parameter()).assign(value(u.value()));
            }
        }
        return graph.outputs().stream().map(this::value).toArray(NDArray[]::new);
    }

    private void free(Graph.Node node, int at, int[] lastUse) {
        for (Graph.Ref r : node.inputs()) {
            if (r.value() >= graph.variableCount() && lastUse[r.value()] == at) {
                for (NDArray a : values[r.value()]) {
                    a.close();
                }
            }
        }
    }

    private int[] lastUses() {
        int[] last = new int[values.length];
        for (int i = 0; i < graph.nodes().size(); i++) {
            for (Graph.Ref r : graph.nodes().get(i).inputs()) {
                last[r.value()] = graph.variableCount() + i;
            }
        }
        graph.outputs().forEach(r -> last[r.value()] = Integer.MAX_VALUE);
        graph.updates().forEach(u -> last[u.value().value()] = Integer.MAX_VALUE);
        return last;
    }

    private NDArray value(Graph.Ref r) {
        return values[r.value()][r.output()];
    }

    private void bind(NDArray... data) {
        if (data.length != graph.inputs().size()) {
            throw new IllegalArgumentException("graph: needs " + graph.inputs().size() + " inputs, got " + data.length);
        }
        for (int i = 0; i < data.length; i++) {
            Graph.Input input = graph.inputs().get(i);
            check("input " + input.name(), input.spec(), data[i]);
            values[i] = new NDArray[] {data[i]};
        }
        for (int i = 0; i < graph.parameters().size(); i++) {
            Graph.ParameterInfo p = graph.parameters().get(i);
            NDArray value = parameters.get(p.name());
            if (value == null) {
                throw new IllegalArgumentException("graph: no value for parameter " + p.name() + " " + p.spec());
            }
            check("parameter " + p.name(), p.spec(), value);
            values[data.length + i] = new NDArray[] {value};
        }
    }

    private static void check(String what, Spec expected, NDArray got) {
        boolean fits = expected.dtype() == got.dtype()
                && expected.shape().rank() == got.shape().rank();
        for (int i = 0; fits && i < expected.shape().rank(); i++) {
            long d = expected.shape().dim(i);
            fits = d == Shape.UNKNOWN || d == got.shape().dim(i);
        }
        if (!fits) {
            throw new ShapeException("graph: " + what + " needs " + expected + ", got " + got.spec());
        }
    }
}
