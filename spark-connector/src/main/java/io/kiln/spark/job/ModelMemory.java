package io.kiln.spark.job;

import io.kiln.graph.Graph;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.spark.model.Network;

/**
 * Estimates the memory of a worker: weights, gradients, optimizer states, and twice the intermediate results of a step.
 */
final class ModelMemory {
    private ModelMemory() {}

    /** The number of trained elements. */
    static long parameters(Network.Traced network) {
        return network.graph().parameters().stream()
                .filter(p -> p.role().isTrained() && !network.frozen().contains(p.name()))
                .mapToLong(p -> p.spec().shape().size())
                .sum();
    }

    static long bytes(Graph graph, int states, long rows) {
        long weights = graph.parameters().stream()
                .mapToLong(p -> bytes(p.spec(), rows))
                .sum();
        long activations = graph.nodes().stream()
                .flatMap(n -> n.outputs().stream())
                .mapToLong(s -> bytes(s, rows))
                .sum();
        return weights * (2 + states) + 2 * activations;
    }

    private static long bytes(Spec spec, long rows) {
        long n = spec.dtype().bytes();
        for (int i = 0; i < spec.shape().rank(); i++) {
            long d = spec.shape().dim(i);
            n *= d == Shape.UNKNOWN ? rows : d;
        }
        return n;
    }
}
