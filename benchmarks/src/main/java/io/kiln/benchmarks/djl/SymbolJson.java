package io.kiln.benchmarks.djl;

import io.kiln.benchmarks.net.Layer;
import io.kiln.benchmarks.net.Network;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Writes a network as MXNet's symbol JSON. */
final class SymbolJson {

    static final String DATA = "data";
    static final String LABEL = "label";

    private final SymbolGraph graph = new SymbolGraph();

    private SymbolJson() {}

    /**
     * The network from {@link #DATA} to its logits; for training also {@code SoftmaxOutput}, MXNet's fused softmax and
     * cross-entropy, which gives the probabilities and takes {@link #LABEL}.
     */
    static String of(Network network, boolean training) {
        SymbolJson json = new SymbolJson();
        int head = json.graph.variable(DATA);
        head = json.layers("layer", network.layers(), head);
        if (training && network.task() == Network.Task.CLASSES) {
            head = json.graph.node(
                    "SoftmaxOutput", "loss", Map.of("normalization", "batch"), head, json.graph.variable(LABEL));
        } else if (training) {
            // Its gradient is divided by the outputs of a sample, which is one, and not by the batch.
            Map<String, ?> scale = Map.of("grad_scale", 1.0 / network.batch());
            head = json.graph.node("LogisticRegressionOutput", "loss", scale, head, json.graph.variable(LABEL));
        }
        return json.graph.json(head);
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
            return graph.node(
                    "FullyConnected",
                    name,
                    Map.of("num_hidden", d.out()),
                    input,
                    graph.variable(name + "_weight"),
                    graph.variable(name + "_bias"));
        } else if (layer instanceof Layer.Conv c) {
            int weight = graph.variable(name + "_weight");
            int[] inputs =
                    c.bias() ? new int[] {input, weight, graph.variable(name + "_bias")} : new int[] {input, weight};
            return graph.node(
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
            return graph.node(
                    "Pooling",
                    name,
                    Map.of(
                            "kernel", square(p.kernel()),
                            "stride", square(p.stride()),
                            "pad", square(p.pad()),
                            "pool_type", "max"),
                    input);
        } else if (layer instanceof Layer.GlobalAverage) {
            return graph.node(
                    "Pooling", name, Map.of("kernel", square(1), "global_pool", "True", "pool_type", "avg"), input);
        } else if (layer instanceof Layer.BatchNorm) {
            return graph.node(
                    "BatchNorm",
                    name,
                    Map.of("eps", "1e-5", "momentum", "0.9", "fix_gamma", "False"),
                    input,
                    graph.variable(name + "_gamma"),
                    graph.variable(name + "_beta"),
                    graph.variable(name + "_moving_mean"),
                    graph.variable(name + "_moving_var"));
        } else if (layer instanceof Layer.Residual r) {
            int body = layers(name + "_body", r.body(), input);
            int around = layers(name + "_shortcut", r.shortcut(), input);
            int sum = graph.node("elemwise_add", name + "_sum", Map.of(), body, around);
            return graph.node("Activation", name, Map.of("act_type", "relu"), sum);
        } else if (layer instanceof Layer.Embeddings e) {
            int first = lookUp(name + "_first", e, 0, input);
            int second = lookUp(name + "_second", e, 1, input);
            return graph.node("Concat", name, Map.of("dim", 1, "num_args", 2), first, second);
        } else if (layer instanceof Layer.Flatten) {
            return graph.node("Flatten", name, Map.of(), input);
        }
        return graph.node("Activation", name, Map.of("act_type", "relu"), input);
    }

    private int lookUp(String name, Layer.Embeddings e, int column, int input) {
        int rows =
                graph.node("slice_axis", name + "_rows", Map.of("axis", 1, "begin", column, "end", column + 1), input);
        int flat = graph.node("reshape", name + "_flat", Map.of("shape", "(-1,)"), rows);
        Map<String, ?> sizes = Map.of("input_dim", e.rows(), "output_dim", e.dimension());
        return graph.node("Embedding", name, sizes, flat, graph.variable(name + "_weight"));
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
}
