package io.kiln.benchmarks.djl;

import io.kiln.benchmarks.net.Layer;
import io.kiln.benchmarks.net.Network;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Writes a network as MXNet's symbol JSON. */
final class SymbolJson {

    static final String DATA = "data";
    static final String LABEL = "label";

    private final List<String> nodes = new ArrayList<>();
    private final List<Integer> variables = new ArrayList<>();

    private SymbolJson() {}

    /**
     * The network from {@link #DATA} to its logits; for training also {@code SoftmaxOutput}, MXNet's fused softmax and
     * cross-entropy, which gives the probabilities and takes {@link #LABEL}.
     */
    static String of(Network network, boolean training) {
        SymbolJson json = new SymbolJson();
        int head = json.variable(DATA);
        List<Layer> layers = network.layers();
        for (int i = 0; i < layers.size(); i++) {
            head = json.layer("layer" + i, layers.get(i), head);
        }
        if (training) {
            head = json.node("SoftmaxOutput", "loss", Map.of("normalization", "batch"), head, json.variable(LABEL));
        }
        return json.finish(head);
    }

    private int layer(String name, Layer layer, int input) {
        if (layer instanceof Layer.Dense d) {
            return node(
                    "FullyConnected",
                    name,
                    Map.of("num_hidden", d.out()),
                    input,
                    variable(name + "_weight"),
                    variable(name + "_bias"));
        } else if (layer instanceof Layer.Conv c) {
            return node(
                    "Convolution",
                    name,
                    Map.of("kernel", square(c.kernel()), "pad", square(c.pad()), "num_filter", c.out()),
                    input,
                    variable(name + "_weight"),
                    variable(name + "_bias"));
        } else if (layer instanceof Layer.MaxPool) {
            return node("Pooling", name, Map.of("kernel", square(2), "stride", square(2), "pool_type", "max"), input);
        } else if (layer instanceof Layer.Flatten) {
            return node("Flatten", name, Map.of(), input);
        }
        return node("Activation", name, Map.of("act_type", "relu"), input);
    }

    private static String square(int side) {
        return "(" + side + ", " + side + ")";
    }

    private int variable(String name) {
        variables.add(nodes.size());
        return node("null", name, Map.of());
    }

    private int node(String op, String name, Map<String, ?> attributes, int... inputs) {
        String attrs = attributes.entrySet().stream()
                .map(e -> "\"" + e.getKey() + "\": \"" + e.getValue() + "\"")
                .collect(Collectors.joining(", "));
        String from = IntStream.of(inputs).mapToObj(i -> "[" + i + ", 0, 0]").collect(Collectors.joining(", "));
        nodes.add("{\"op\": \"%s\", \"name\": \"%s\", \"attrs\": {%s}, \"inputs\": [%s]}"
                .formatted(op, name, attrs, from));
        return nodes.size() - 1;
    }

    private String finish(int head) {
        List<Integer> rows = IntStream.rangeClosed(0, nodes.size()).boxed().toList();
        return "{\"nodes\": [" + String.join(",\n", nodes) + "], \"arg_nodes\": " + variables + ", \"node_row_ptr\": "
                + rows + ", \"heads\": [[" + head + ", 0, 0]], \"attrs\": {\"mxnet_version\": [\"int\", 10901]}}";
    }
}
