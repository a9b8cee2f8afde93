package io.kiln.benchmarks.djl;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A graph in MXNet's symbol JSON, node by node. */
final class SymbolGraph {

    private final List<String> nodes = new ArrayList<>();
    private final List<Integer> outputs = new ArrayList<>();
    private final List<Integer> variables = new ArrayList<>();

    /** An argument of the graph; returns its number. */
    int variable(String name) {
        variables.add(nodes.size());
        return node("null", name, Map.of());
    }

    /** A node that takes the first outputs of others; returns its number. */
    int node(String op, String name, Map<String, ?> attributes, int... inputs) {
        String attrs = attributes.entrySet().stream()
                .map(e -> "\"" + e.getKey() + "\": \"" + e.getValue() + "\"")
                .collect(Collectors.joining(", "));
        String from = IntStream.of(inputs).mapToObj(i -> "[" + i + ", 0, 0]").collect(Collectors.joining(", "));
        outputs.add(op.endsWith("Norm") ? 3 : 1);
        nodes.add(String.format(
                Locale.ROOT,
                "{\"op\": \"%s\", \"name\": \"%s\", \"attrs\": {%s}, \"inputs\": [%s]}",
                op,
                name,
                attrs,
                from));
        return nodes.size() - 1;
    }

    /** The text of the graph, whose outputs are the first ones of these nodes. */
    String json(int... heads) {
        List<Integer> rows = new ArrayList<>(List.of(0));
        outputs.forEach(n -> rows.add(rows.get(rows.size() - 1) + n));
        String ends = IntStream.of(heads).mapToObj(i -> "[" + i + ", 0, 0]").collect(Collectors.joining(", "));
        return "{\"nodes\": [" + String.join(",\n", nodes) + "], \"arg_nodes\": " + variables + ", \"node_row_ptr\": "
                + rows + ", \"heads\": [" + ends + "], \"attrs\": {\"mxnet_version\": [\"int\", 10901]}}";
    }
}
