package io.kiln.benchmarks.djl;

import io.kiln.benchmarks.net.Network;
import io.kiln.benchmarks.net.SequenceModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A network over sequences as MXNet's symbol JSON, steps first: with its fused RNN operator, or with its operators for attention
 * over queries, keys and values that lie head by head in one array.
 */
final class SequenceSymbol {

    private static final int HEAD = SequenceModel.SIZE / SequenceModel.HEADS;

    private final SequenceModel model;
    private final SymbolGraph graph = new SymbolGraph();

    private SequenceSymbol(SequenceModel model) {
        this.model = model;
    }

    /**
     * The network from {@link SymbolJson#DATA} and {@link SymbolJson#LABEL} to its mean loss; for training the first output is
     * {@code SoftmaxOutput}, which the backward pass begins with, and the loss the second.
     */
    static String of(SequenceModel model, boolean training) {
        SequenceSymbol symbol = new SequenceSymbol(model);
        SymbolGraph graph = symbol.graph;
        int data = graph.variable(SymbolJson.DATA);
        int label = graph.variable(SymbolJson.LABEL);
        int scores = model == SequenceModel.LSTM ? symbol.languageModel(data) : symbol.encoder(data);
        int p = training
                ? graph.node("SoftmaxOutput", "softmax", Map.of("normalization", "batch"), scores, label)
                : graph.node("log_softmax", "softmax", Map.of("axis", -1), scores);
        int picked = graph.node("pick", "picked", Map.of("axis", -1), p, label);
        if (training) {
            int constant = graph.node("BlockGrad", "constant", Map.of(), picked);
            picked = graph.node("log", "log", Map.of(), constant);
        }
        int mean = graph.node("mean", "mean", Map.of(), picked);
        int loss = graph.node("negative", "loss", Map.of(), mean);
        return training ? graph.json(p, loss) : graph.json(loss);
    }

    private int languageModel(int words) {
        Map<String, ?> sizes = Map.of("input_dim", SequenceModel.WORDS, "output_dim", SequenceModel.HIDDEN);
        int x = graph.node("Embedding", "look_up", sizes, words, graph.variable("embedding"));
        Map<String, ?> states = Map.of(
                "shape",
                String.format(
                        Locale.ROOT, "(%d, %d, %d)", SequenceModel.LSTM_LAYERS, model.batch(), SequenceModel.HIDDEN));
        int weights = graph.variable("lstm");
        int output = graph.node("_zeros", "output_state", states);
        int cell = graph.node("_zeros", "cell_state", states);
        Map<String, ?> lstm =
                Map.of("mode", "lstm", "state_size", SequenceModel.HIDDEN, "num_layers", SequenceModel.LSTM_LAYERS);
        int y = graph.node("RNN", "layers", lstm, x, weights, output, cell);
        int rows = graph.node("Reshape", "rows", Map.of("shape", "(-1, " + SequenceModel.HIDDEN + ")"), y);
        return linear("output", SequenceModel.WORDS, rows);
    }

    private int encoder(int data) {
        int x = data;
        Map<String, ?> heads = Map.of("heads", SequenceModel.HEADS);
        for (int i = 0; i < SequenceModel.LAYERS; i++) {
            int packed = linear("packed" + i, 3 * SequenceModel.SIZE, x);
            int scores = graph.node("_contrib_interleaved_matmul_selfatt_qk", "scores" + i, heads, packed);
            int p = graph.node("softmax", "attention" + i, Map.of("axis", -1), scores);
            int joined = graph.node("_contrib_interleaved_matmul_selfatt_valatt", "values" + i, heads, packed, p);
            x = norm("norm1_" + i, x, linear("joined" + i, SequenceModel.SIZE, joined));
            int inner = linear("inner" + i, SequenceModel.INSIDE, x);
            int gelu = graph.node("LeakyReLU", "gelu" + i, Map.of("act_type", "gelu"), inner);
            x = norm("norm2_" + i, x, linear("outer" + i, SequenceModel.SIZE, gelu));
        }
        return linear("output", SequenceModel.CLASSES, graph.node("mean", "pooled", Map.of("axis", 0), x));
    }

    private int linear(String name, int units, int input) {
        Map<String, ?> attributes = Map.of("num_hidden", units, "flatten", "False");
        return graph.node(
                "FullyConnected",
                name + "_map",
                attributes,
                input,
                graph.variable(name),
                graph.variable(name + "_bias"));
    }

    private int norm(String name, int x, int y) {
        int sum = graph.node("elemwise_add", name + "_sum", Map.of(), x, y);
        return graph.node(
                "LayerNorm",
                name,
                Map.of("axis", -1, "eps", "1e-5"),
                sum,
                graph.variable(name + "_gamma"),
                graph.variable(name + "_beta"));
    }

    /** The model's parameters as the graph takes them. */
    static List<Network.Parameter> parameters(SequenceModel model) {
        return model == SequenceModel.LSTM ? flat(model.parameters()) : byHead(model.parameters());
    }

    /** All weights and biases of the LSTM in one vector, weights first. */
    private static List<Network.Parameter> flat(List<Network.Parameter> all) {
        int layers = 4 * SequenceModel.LSTM_LAYERS;
        List<Network.Parameter> parts = all.subList(1, 1 + layers);
        List<float[]> values = new ArrayList<>();
        for (boolean biases : new boolean[] {false, true}) {
            parts.stream()
                    .filter(p -> p.name().contains("bias") == biases)
                    .map(Network.Parameter::values)
                    .forEach(values::add);
        }
        int size = values.stream().mapToInt(v -> v.length).sum();
        float[] vector = new float[size];
        int at = 0;
        for (float[] v : values) {
            System.arraycopy(v, 0, vector, at, v.length);
            at += v.length;
        }
        List<Network.Parameter> result = new ArrayList<>(List.of(all.get(0)));
        result.add(new Network.Parameter("lstm", new long[] {size}, vector));
        result.addAll(all.subList(1 + layers, all.size()));
        return result;
    }

    /** The rows of queries, keys and values of each head together. */
    private static List<Network.Parameter> byHead(List<Network.Parameter> all) {
        List<Network.Parameter> result = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) {
            String name = all.get(i).name();
            if (name.startsWith("query") && !name.endsWith("bias")) {
                String packed = name.replace("query", "packed");
                result.add(interleave(packed, all.get(i), all.get(i + 2), all.get(i + 4)));
                result.add(interleave(packed + "_bias", all.get(i + 1), all.get(i + 3), all.get(i + 5)));
                i += 5;
            } else {
                result.add(all.get(i));
            }
        }
        return result;
    }

    private static Network.Parameter interleave(String name, Network.Parameter... parts) {
        int head = HEAD * parts[0].values().length / SequenceModel.SIZE;
        float[] values = new float[3 * parts[0].values().length];
        for (int h = 0; h < SequenceModel.HEADS; h++) {
            for (int k = 0; k < 3; k++) {
                System.arraycopy(parts[k].values(), h * head, values, (3 * h + k) * head, head);
            }
        }
        long[] shape = Arrays.copyOf(parts[0].shape(), parts[0].shape().length);
        shape[0] *= 3;
        return new Network.Parameter(name, shape, values);
    }
}
