package io.kiln.graph;

/**
 * A value of a graph under construction.
 *
 * @param builder the graph's builder
 * @param ref which value
 */
public record TracedValue(GraphBuilder builder, Graph.Ref ref) {
    /** {@return the name of the node and the number of its output} */
    @Override
    public String toString() {
        return builder.describe(ref);
    }
}
