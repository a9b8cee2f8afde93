package io.kiln.compile;

import io.kiln.graph.Graph;
import io.kiln.ndarray.NDArray;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * What passes rewrite: a graph, and what it needs besides its parameters.
 *
 * <p>The inputs of the graph are the data, then one gradient for each output through which one may flow
 * ({@link #heads}). Its outputs are those of the network, then the gradients of the variables, in the order in which
 * the backward pass completes them.
 *
 * @param graph the graph; all shapes are known once they have been inferred
 * @param constants values of the parameters that are constants, by name
 * @param heads indices of the outputs whose gradients are the last inputs
 * @param gradients names of the variables (inputs or parameters) whose gradients are the last outputs; a gradient by
 *     rows takes two places, the rows under the name of its variable followed by their indices ({@link #rowsOf})
 * @param training whether it runs in train mode
 */
public record Program(
        Graph graph, Map<String, NDArray> constants, List<Integer> heads, List<String> gradients, boolean training) {
    private static final String NUMBERS = "#rows";

    /** Makes the collections unmodifiable. */
    public Program {
        constants = Map.copyOf(constants);
        heads = List.copyOf(heads);
        gradients = List.copyOf(gradients);
    }

    /**
     * A program without gradients.
     *
     * @param graph the graph
     * @param constants values of constants by name
     * @param training whether it runs in train mode
     */
    public Program(Graph graph, Map<String, NDArray> constants, boolean training) {
        this(graph, constants, List.of(), List.of(), training);
    }

    /**
     * The number of the network's own inputs.
     *
     * @return inputs without gradients of outputs
     */
    public int dataCount() {
        return graph.inputs().size() - heads.size();
    }

    /**
     * The number of the network's own outputs.
     *
     * @return outputs without gradients
     */
    public int outputCount() {
        return graph.outputs().size() - gradients.size();
    }

    /** The name of the row indices of a variable's gradient. */
    static String numbersOf(String variable) {
        return variable + NUMBERS;
    }

    /**
     * The rows that belong to the row indices of a gradient by rows.
     *
     * @param gradient an index in {@link #gradients}
     * @return the index of the rows, as many as there are row indices, in their order; -1 if the gradient does not
     *     consist of row indices
     */
    public int rowsOf(int gradient) {
        boolean numbers = gradient > 0 && gradients.get(gradient).equals(numbersOf(gradients.get(gradient - 1)));
        return numbers ? gradient - 1 : -1;
    }

    /**
     * Whether gradients are kept by rows, whose number differs from call to call.
     *
     * @return true if one is
     */
    public boolean hasRows() {
        return IntStream.range(0, gradients.size()).anyMatch(k -> rowsOf(k) >= 0);
    }
}
