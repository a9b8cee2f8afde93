package io.kiln.symbol;

import io.kiln.graph.Graph;
import io.kiln.init.Initializer;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Role;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Converts between symbols and graphs. */
final class SymbolGraph {
    private SymbolGraph() {}

    static Graph write(
            SymbolWalk walk,
            List<SymbolNode.Output> heads,
            Map<SymbolNode, SymbolNode.Output> updates,
            Inference inference) {
        List<SymbolNode> data = new ArrayList<>();
        List<SymbolNode> kept = new ArrayList<>();
        for (SymbolNode v : walk.variables()) {
            (walk.role(v) == null ? data : kept).add(v);
        }
        data.sort(Comparator.comparingInt(v -> v.variable.position()));
        kept.sort(Comparator.comparingInt(v -> v.variable.position()));
        Map<SymbolNode, Integer> numbers = new IdentityHashMap<>();
        List<Graph.Input> inputs = new ArrayList<>();
        for (SymbolNode v : data) {
            numbers.put(v, numbers.size());
            inputs.add(new Graph.Input(v.name, inference.specs(v)[0]));
        }
        List<Graph.ParameterInfo> parameters = new ArrayList<>();
        for (SymbolNode v : kept) {
            numbers.put(v, numbers.size());
            Spec spec = inference.specs(v)[0];
            if (!spec.shape().isKnown()) {
                throw new ShapeException("infer: parameter " + v.name + " is known as " + spec
                        + " only; state sizes such as units or channels, and those of the data behind the batch");
            }
            parameters.add(new Graph.ParameterInfo(v.name, spec, walk.role(v), initializer(v, walk.role(v))));
        }
        List<Graph.Node> nodes = new ArrayList<>();
        for (SymbolNode n : walk.nodes) {
            if (!n.isVariable()) {
                numbers.put(n, numbers.size());
                List<Graph.Ref> refs =
                        n.inputs.stream().map(o -> ref(o, numbers)).toList();
                nodes.add(new Graph.Node(n.name, n.operator, refs, List.of(inference.specs(n))));
            }
        }
        List<Graph.Update> writes = new ArrayList<>();
        updates.forEach((v, o) -> writes.add(new Graph.Update(v.name, ref(o, numbers))));
        Map<String, Map<String, String>> attributes = new HashMap<>();
        walk.nodes.stream().filter(n -> !n.attributes.isEmpty()).forEach(n -> attributes.put(n.name, n.attributes));
        return new Graph(
                inputs,
                parameters,
                nodes,
                heads.stream().map(o -> ref(o, numbers)).toList(),
                writes,
                attributes);
    }

    private static Optional<Initializer> initializer(SymbolNode v, Role role) {
        Initializer stated = v.variable.initializer();
        return role == Role.CONSTANT
                ? Optional.ofNullable(stated)
                : Optional.of(stated != null ? stated : Initializer.defaultFor(role));
    }

    private static Graph.Ref ref(SymbolNode.Output o, Map<SymbolNode, Integer> numbers) {
        return new Graph.Ref(numbers.get(o.node()), o.index());
    }

    static Symbol read(Graph graph) {
        List<SymbolNode> values = new ArrayList<>();
        Map<String, SymbolNode> byName = new HashMap<>();
        for (Graph.Input i : graph.inputs()) {
            values.add(variable(graph, i.name(), i.spec(), null, null, values.size()));
        }
        for (Graph.ParameterInfo p : graph.parameters()) {
            SymbolNode v = variable(
                    graph, p.name(), p.spec(), p.role(), p.initializer().orElse(null), values.size());
            values.add(v);
            byName.put(p.name(), v);
        }
        for (Graph.Node n : graph.nodes()) {
            List<SymbolNode.Output> inputs =
                    n.inputs().stream().map(r -> output(r, values)).toList();
            values.add(SymbolNode.call(n.name(), attributes(graph, n.name()), n.operator(), inputs, List.of()));
        }
        Map<SymbolNode, SymbolNode.Output> updates = new IdentityHashMap<>();
        graph.updates().forEach(u -> updates.put(byName.get(u.parameter()), output(u.value(), values)));
        return new Symbol(graph.outputs().stream().map(r -> output(r, values)).toList(), updates);
    }

    private static SymbolNode variable(
            Graph graph, String name, Spec spec, Role role, Initializer initializer, int position) {
        return SymbolNode.variable(
                name,
                attributes(graph, name),
                new SymbolNode.Variable(spec.shape(), spec.dtype(), role, initializer, position));
    }

    private static Map<String, String> attributes(Graph graph, String name) {
        return graph.attributes().getOrDefault(name, Map.of());
    }

    private static SymbolNode.Output output(Graph.Ref r, List<SymbolNode> values) {
        return values.get(r.value()).output(r.output());
    }
}
