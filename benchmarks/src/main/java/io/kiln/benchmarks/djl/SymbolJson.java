package io.kiln.benchmarks.djl;

import io.kiln.benchmarks.net.Layer;
import io.kiln.benchmarks.net.Network;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Writes a network as MXNet's symbol JSON. */
final class SymbolJson {

    static final String DATA = "data";
    static final String LABEL = "label";

    private final List<String> nodes = new ArrayList<>();
    private final List<Integer> outputs = new ArrayList<>();
    private final List<Integer> variables = new ArrayList<>();

    private SymbolJson() {}

    /**
     * The network from {@link #DATA} to its logits; for training also {@code SoftmaxOutput}, MXNet's fused softmax and
     * cross-entropy, which gives the probabilities and takes {@link #LABEL}.
     */
    static String of(Network network, boolean training) {
        SymbolJson json = new SymbolJson();
        int head = json.variable(DATA);
        head = json.layers("layer", network.layers(), head);
        if (training && network.task() == Network.Task.CLASSES) {
            head = json.node("SoftmaxOutput", "loss", Map.of("normalization", "batch"), head, json.variable(LABEL));
        } else if (training) {
            // Its gradient is divided by the outputs of a sample, which is one, and not by the batch.
            Map<String, ?> scale = Map.of("grad_scale", 1.0 / network.batch());
            head = json.node("LogisticRegressionOutput", "loss", scale, head, json.variable(LABEL));
        }
        return json.finish(head);
    }

    /** The names of the running statistics of all normalisations. */
    static List<String> statistics(Network network) {
        return network.parameters().stream()
                .map(Network.Parameter::name)
                .filter(n -> n.endsWith("_beta"))
                .map(n -> n.substring(0, n.length() - "beta".length()))
                .flatMap(n -> Stream.of(n + "moving_mean", n + "moving_var"))
                .toList();
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
            int weight = variable(name + "_weight");
            int[] inputs = c.bias() ? new int[] {input, weight, variable(name + "_bias")} : new int[] {input, weight};
            return node(
                    "Convolution",
                    name,
                    Map.of(
                            "kernel", square(c.kernel()),
                            "stride", square(c.stride()),
                            "pad", square(c.pad()),
                            "num_filter", c.out(),
                            "no_bias", c.bias() ? "False" : "True"),
                    inputs);
        } else if (layer instanceof Layer.MaxPool p) {
            return node(
                    "Pooling",
                    name,
                    Map.of(
                            "kernel", square(p.kernel()),
                            "stride", square(p.stride()),
                            "pad", square(p.pad()),
                            "pool_type", "max"),
                    input);
        } else if (layer instanceof Layer.GlobalAverage) {
            return node("Pooling", name, Map.of("kernel", square(1), "global_pool", "True", "pool_type", "avg"), input);
        } else if (layer instanceof Layer.BatchNorm) {
            return node(
                    "BatchNorm",
                    name,
                    Map.of("eps", "1e-5", "momentum", "0.9", "fix_gamma", "False"),
                    input,
                    variable(name + "_gamma"),
                    variable(name + "_beta"),
                    variable(name + "_moving_mean"),
                    variable(name + "_moving_var"));
        } else if (layer instanceof Layer.Residual r) {
            int body = layers(name + "_body", r.body(), input);
            int around = layers(name + "_shortcut", r.shortcut(), input);
            int sum = node("elemwise_add", name + "_sum", Map.of(), body, around);
            return node("Activation", name, Map.of("act_type", "relu"), sum);
        } else if (layer instanceof Layer.Embeddings e) {
            int first = lookUp(name + "_first", e, 0, input);
            int second = lookUp(name + "_second", e, 1, input);
            return node("Concat", name, Map.of("dim", 1, "num_args", 2), first, second);
        } else if (layer instanceof Layer.Flatten) {
            return node("Flatten", name, Map.of(), input);
        }
        return node("Activation", name, Map.of("act_type", "relu"), input);
    }

    private int lookUp(String name, Layer.Embeddings e, int column, int input) {
        int rows = node("slice_axis", name + "_rows", Map.of("axis", 1, "begin", column, "end", column + 1), input);
        int flat = node("reshape", name + "_flat", Map.of("shape", "(-1,)"), rows);
        Map<String, ?> sizes = Map.of("input_dim", e.rows(), "output_dim", e.dimension());
        return node("Embedding", name, sizes, flat, variable(name + "_weight"));
    }

    private int layers(String prefix, List<Layer> layers, int input) {
        int head = input;
        for (int i = 0; i < layers.size(); i++) {
            head = layer(prefix + i, layers.get(i), head);
        }
        return head;
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
        outputs.add(op.equals("BatchNorm") ? 3 : 1);
        nodes.add("{\"op\": \"%s\", \"name\": \"%s\", \"attrs\": {%s}, \"inputs\": [%s]}"
                .formatted(op, name, attrs, from));
        return nodes.size() - 1;
    }

    private String finish(int head) {
        List<Integer> rows = new ArrayList<>(List.of(0));
        outputs.forEach(n -> rows.add(rows.get(rows.size() - 1) + n));
        return "{\"nodes\": [" + String.join(",\n", nodes) + "], \"arg_nodes\": " + variables + ", \"node_row_ptr\": "
                + rows + ", \"heads\": [[" + head + ", 0, 0]], \"attrs\": {\"mxnet_version\": [\"int\", 10901]}}";
    }
}
