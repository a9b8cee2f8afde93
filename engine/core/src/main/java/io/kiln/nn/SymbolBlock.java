package io.kiln.nn;

import io.kiln.graph.Graph;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.symbol.Symbol;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A network imported as a block: from a symbol, from a graph, or from the files written by the estimators. Its inputs
 * have names, its parameters are those of the graph, and any inner value can be made an output, for example to extract
 * features from a trained network.
 *
 * <pre>{@code
 * SymbolBlock net = SymbolBlock.imports(Path.of("model"));
 * SymbolBlock features = net.upTo("fc1");          // shares the parameters of net
 * NDArray f = features.forward(Map.of("data", x))[0];
 * }</pre>
 */
public final class SymbolBlock extends GraphBlock {
    private static final long MAX_GRAPH_BYTES = 256L << 20;

    /**
     * Creates a block with the parameters of a graph.
     *
     * @param graph the graph
     */
    public SymbolBlock(Graph graph) {
        super(graph);
    }

    private SymbolBlock(Graph graph, Map<String, Parameter> shared) {
        super(graph, shared);
    }

    /**
     * Creates a block from a symbol: variables with a role become its parameters, the others its inputs.
     *
     * @param symbol the symbol; a group gives several outputs
     * @param shapes known shapes of variables, in addition to their declarations; the batch may be
     *     {@link Shape#UNKNOWN}
     * @return the block
     * @throws io.kiln.ndarray.ShapeException if shapes contradict each other or too little is known
     */
    public static SymbolBlock of(Symbol symbol, Map<String, Shape> shapes) {
        return new SymbolBlock(symbol.toGraph(shapes));
    }

    /**
     * Reads a network from {@code graph.json} and {@code weights.safetensors}, the files of a saved model. The factor
     * on the features that an estimator may have been given, which is in {@code kiln.json}, is not applied.
     *
     * @param directory the directory of the files
     * @return the block, with its values
     * @throws IOException if a file cannot be read, or the weights are damaged
     * @throws IllegalArgumentException if the JSON is not a graph or the weights belong to another network
     */
    public static SymbolBlock imports(Path directory) throws IOException {
        return imports(directory.resolve("graph.json"), directory.resolve("weights.safetensors"));
    }

    /**
     * Reads a network.
     *
     * @param graph a file with a graph's JSON
     * @param weights a safetensors file of its parameters
     * @return the block, with its values
     * @throws IOException if a file cannot be read, or the weights are damaged
     * @throws IllegalArgumentException if the JSON is not a graph or the weights belong to another network
     */
    public static SymbolBlock imports(Path graph, Path weights) throws IOException {
        long bytes = Files.size(graph);
        if (bytes > MAX_GRAPH_BYTES) {
            throw new IllegalArgumentException(
                    "imports: " + graph + " has " + bytes + " bytes, at most " + MAX_GRAPH_BYTES + " are read");
        }
        SymbolBlock block = new SymbolBlock(Graph.fromJson(Files.readString(graph)));
        block.load(weights);
        return block;
    }

    /**
     * Writes the files that {@link #imports(Path)} reads.
     *
     * @param directory the destination; it must exist
     * @throws IOException if writing fails
     */
    public void export(Path directory) throws IOException {
        Files.writeString(directory.resolve("graph.json"), graph().toJson());
        save(directory.resolve("weights.safetensors"));
    }

    /**
     * Computes the outputs.
     *
     * @param inputs the inputs by name
     * @return the outputs
     * @throws IllegalArgumentException if an input is missing or unknown
     */
    public NDArray[] forward(Map<String, NDArray> inputs) {
        List<String> names = inputNames();
        Set<String> unknown = new LinkedHashSet<>(inputs.keySet());
        names.forEach(unknown::remove);
        if (!unknown.isEmpty() || inputs.size() != names.size()) {
            throw new IllegalArgumentException("forward: the inputs are " + names + ", got " + inputs.keySet());
        }
        return forwardAll(names.stream().map(inputs::get).toArray(NDArray[]::new));
    }

    /**
     * Returns the part of the network that computes inner values. It shares its parameters with this block, so that it
     * may be trained further as part of another network.
     *
     * @param values names of operators, for their first output, or of values as in {@link Symbol#internals}
     * @return the block, with one output per name
     * @throws IllegalArgumentException if there is no such value
     */
    public SymbolBlock upTo(String... values) {
        Symbol internals = Symbol.fromGraph(graph()).internals();
        List<String> known = internals.listOutputs();
        Symbol[] picked = new Symbol[values.length];
        for (int i = 0; i < values.length; i++) {
            picked[i] = internals.get(known.contains(values[i]) ? values[i] : values[i] + "_output");
        }
        return new SymbolBlock(Symbol.group(picked).toGraph(Map.of()), parameters());
    }
}
