package io.kiln.graph;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Tracer;

/**
 * A value of a graph under construction.
 *
 * @param builder the graph's builder
 * @param ref the value
 */
public record TracedValue(GraphBuilder builder, Graph.Ref ref) implements Tracer.Value {
    /**
     * The value for which an array stands.
     *
     * @param x an array
     * @return the value; null if the array has data
     */
    public static TracedValue of(NDArray x) {
        return (TracedValue) x.traced();
    }

    @Override
    public Tracer tracer() {
        return builder.innermost();
    }

    /** {@return the name of the node and the number of its output} */
    @Override
    public String toString() {
        return builder.describe(ref);
    }
}
