package io.kiln.graph;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Finds values of a graph by name, and cuts out the part that computes them. */
final class NamedValues {
    private final Graph graph;
    private final int variables;

    NamedValues(Graph graph) {
        this.graph = graph;
        this.variables = graph.variableCount();
    }

    Graph.Ref find(String name) {
        int output = graph.outputNames().indexOf(name);
        if (output >= 0) {
            return graph.outputs().get(output);
        }
        for (int i = 0; i < graph.inputs().size(); i++) {
            if (graph.inputs().get(i).name().equals(name)) {
                return new Graph.Ref(i, 0);
            }
        }
        Graph.Ref node = node(name);
        return node != null ? node : block(name);
    }

    private Graph.Ref node(String name) {
        for (int i = 0; i < graph.nodes().size(); i++) {
            Graph.Node n = graph.nodes().get(i);
            for (int k = 0; k < n.outputs().size(); k++) {
                if (k == 0 && name.equals(n.name()) || name.equals(n.name() + ":" + k)) {
                    return new Graph.Ref(variables + i, k);
                }
            }
        }
        return null;
    }

    /** The value that leaves a block: used outside of it, or an output of the graph. */
    private Graph.Ref block(String name) {
        BitSet inside = new BitSet();
        for (int i = 0; i < graph.nodes().size(); i++) {
            String n = graph.nodes().get(i).name();
            if (n.startsWith(name + "/") || n.startsWith(name + ".")) {
                inside.set(variables + i);
            }
        }
        if (inside.isEmpty()) {
            throw new IllegalArgumentException("graph: no output, input, node or block is named \"" + name + "\""
                    + KnownRecords.suggestion(name, all()));
        }
        Set<Graph.Ref> leaving = new LinkedHashSet<>();
        for (int i = 0; i < graph.nodes().size(); i++) {
            if (!inside.get(variables + i)) {
                graph.nodes().get(i).inputs().stream()
                        .filter(r -> inside.get(r.value()))
                        .forEach(leaving::add);
            }
        }
        graph.outputs().stream().filter(r -> inside.get(r.value())).forEach(leaving::add);
        if (leaving.size() != 1) {
            throw new IllegalArgumentException("graph: %d values leave block \"%s\"; name one of its nodes: %s"
                    .formatted(
                            leaving.size(),
                            name,
                            inside.stream()
                                    .mapToObj(i ->
                                            graph.nodes().get(i - variables).name())
                                    .toList()));
        }
        return leaving.iterator().next();
    }

    private List<String> all() {
        List<String> all = new ArrayList<>(graph.outputNames());
        graph.inputs().forEach(i -> all.add(i.name()));
        graph.nodes().forEach(n -> all.add(n.name()));
        return all;
    }

    Graph upTo(List<String> names) {
        List<Graph.Ref> heads = names.stream().map(this::find).toList();
        BitSet needed = new BitSet();
        heads.forEach(r -> needed.set(r.value()));
        close(needed);
        List<Graph.Update> updates = graph.updates().stream()
                .filter(u -> needed.get(parameter(u.parameter())))
                .toList();
        updates.forEach(u -> needed.set(u.value().value()));
        close(needed);
        Map<Integer, Integer> numbers = new HashMap<>();
        needed.stream().forEach(i -> numbers.put(i, numbers.size()));
        Map<String, Map<String, String>> attributes = new HashMap<>(graph.attributes());
        attributes.keySet().retainAll(needed.stream().mapToObj(this::nameOf).toList());
        return new Graph(
                kept(graph.inputs(), 0, needed),
                kept(graph.parameters(), graph.inputs().size(), needed),
                kept(graph.nodes(), variables, needed).stream()
                        .map(n -> new Graph.Node(
                                n.name(),
                                n.operator(),
                                n.inputs().stream().map(r -> moved(r, numbers)).toList(),
                                n.outputs()))
                        .toList(),
                heads.stream().map(r -> moved(r, numbers)).toList(),
                updates.stream()
                        .map(u -> new Graph.Update(u.parameter(), moved(u.value(), numbers)))
                        .toList(),
                attributes,
                names);
    }

    /** Adds everything that the values need. */
    private void close(BitSet needed) {
        for (int i = graph.nodes().size() - 1; i >= 0; i--) {
            if (needed.get(variables + i)) {
                graph.nodes().get(i).inputs().forEach(r -> needed.set(r.value()));
            }
        }
    }

    private int parameter(String name) {
        for (int i = 0; i < graph.parameters().size(); i++) {
            if (graph.parameters().get(i).name().equals(name)) {
                return graph.inputs().size() + i;
            }
        }
        throw new IllegalArgumentException("graph: update of unknown parameter " + name);
    }

    private String nameOf(int value) {
        int i = value - graph.inputs().size();
        if (i < 0) {
            return graph.inputs().get(value).name();
        }
        return value < variables
                ? graph.parameters().get(i).name()
                : graph.nodes().get(value - variables).name();
    }

    private static <T> List<T> kept(List<T> all, int first, BitSet needed) {
        List<T> kept = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) {
            if (needed.get(first + i)) {
                kept.add(all.get(i));
            }
        }
        return kept;
    }

    private static Graph.Ref moved(Graph.Ref r, Map<Integer, Integer> numbers) {
        return new Graph.Ref(numbers.get(r.value()), r.output());
    }
}
