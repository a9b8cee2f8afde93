package io.kiln.spark.tensorboard;

import io.kiln.graph.Graph;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** GraphDef: nodes by name, with their output shapes. Blocks become scopes, which TensorBoard can collapse. */
final class GraphMessage {
    private static final int NAME = 1;
    private static final int OPERATOR = 2;
    private static final int INPUT = 3;
    private static final int ATTRIBUTE = 5;

    private final Graph graph;
    private final List<String> names = new ArrayList<>();
    private final Map<String, Integer> taken = new HashMap<>();

    private GraphMessage(Graph graph) {
        this.graph = graph;
    }

    static Message of(Graph graph) {
        return new GraphMessage(graph).write();
    }

    private Message write() {
        Message def = new Message();
        for (Graph.Input in : graph.inputs()) {
            def.message(1, node(in.name(), "Placeholder", List.of(), List.of(in.spec())));
        }
        for (Graph.ParameterInfo p : graph.parameters()) {
            def.message(1, node(p.name(), "Parameter", List.of(), List.of(p.spec())));
        }
        for (Graph.Node n : graph.nodes()) {
            def.message(1, node(n.name(), n.operator().name(), n.inputs(), n.outputs()));
        }
        return def.message(4, new Message().number(1, 22)); // a producer version that supports _output_shapes
    }

    private Message node(String name, String operator, List<Graph.Ref> inputs, List<Spec> outputs) {
        String unique = unique(name.replace('.', '/'));
        Message node = new Message().text(NAME, unique).text(OPERATOR, operator);
        for (Graph.Ref r : inputs) {
            node.text(INPUT, r.output() == 0 ? names.get(r.value()) : names.get(r.value()) + ":" + r.output());
        }
        names.add(unique);
        Message shapes = new Message();
        outputs.forEach(s -> shapes.message(7, shape(s.shape())));
        return node.message(
                ATTRIBUTE, new Message().text(1, "_output_shapes").message(2, new Message().message(1, shapes)));
    }

    /** A name that no earlier node has; a parameter and an operator may have the same name. */
    private String unique(String name) {
        int before = taken.merge(name, 1, Integer::sum) - 1;
        return before == 0 ? name : unique(name + "_" + before);
    }

    private static Message shape(Shape s) {
        Message shape = new Message();
        for (int i = 0; i < s.rank(); i++) {
            long size = s.dim(i) == Shape.UNKNOWN ? -1 : s.dim(i);
            shape.message(2, new Message().number(1, size));
        }
        return shape;
    }
}
