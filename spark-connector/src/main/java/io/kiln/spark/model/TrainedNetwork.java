package io.kiln.spark.model;

import io.kiln.backend.Backend;
import io.kiln.backend.Backends;
import io.kiln.format.SafeTensors;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.nn.GraphBlock;
import io.kiln.symbol.Graph;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.function.UnaryOperator;

/**
 * A network with its weights, applied to rows. It travels as text and bytes; each JVM builds its engine form once, when the
 * first row comes, and gives it up with the last reference.
 *
 * <p>Concurrency: thread-safe; many tasks of an executor may use one instance.
 */
public final class TrainedNetwork implements Serializable {
    private static final long serialVersionUID = 1L;

    private final String graph;
    private final byte[] weights;
    private final double scale;
    private transient volatile GraphBlock block;

    /**
     * Makes one.
     *
     * @param graph the graph's JSON
     * @param weights safetensors of all parameters
     * @param scale factor on the features
     */
    public TrainedNetwork(String graph, byte[] weights, double scale) {
        this.graph = graph;
        this.weights = weights;
        this.scale = scale;
    }

    /**
     * The graph.
     *
     * @return its JSON
     */
    public String graphJson() {
        return graph;
    }

    /**
     * The weights.
     *
     * @return safetensors of all parameters; do not write to it
     */
    public byte[] weights() {
        return weights;
    }

    /**
     * Factor on the features.
     *
     * @return the factor
     */
    public double scale() {
        return scale;
    }

    /**
     * Shape of a row.
     *
     * @return its sizes
     */
    public long[] rowShape() {
        return new Network.Traced(block().graph(), new byte[0]).rowShape();
    }

    /**
     * Numbers in a row.
     *
     * @return the product of {@link #rowShape()}
     */
    public int width() {
        return Math.toIntExact(Arrays.stream(rowShape()).reduce(1, Math::multiplyExact));
    }

    /**
     * Numbers that the network gives for a row.
     *
     * @return the size of the output without its batch axis
     */
    public int outputs() {
        long[] shape = new Network.Traced(block().graph(), new byte[0]).outputShape();
        return Math.toIntExact(Arrays.stream(shape).reduce(1, Math::multiplyExact));
    }

    private GraphBlock block() {
        GraphBlock b = block;
        if (b == null) {
            synchronized (this) {
                b = block;
                if (b == null) {
                    b = new GraphBlock(Graph.fromJson(graph));
                    block = b;
                }
            }
        }
        return b;
    }

    private synchronized GraphBlock loaded() {
        GraphBlock b = block();
        if (!b.parameters().values().stream().allMatch(p -> p.hasData())) {
            try (Scope scope = Scope.open()) {
                b.load(SafeTensors.read(weights).tensors());
            } catch (IOException e) {
                throw new UncheckedIOException("model: weights: " + e.getMessage(), e);
            }
            b.hybridize();
        }
        return b;
    }

    /**
     * Computes the outputs of rows, in predict mode, operator by operator.
     *
     * @param rows number of rows
     * @param features their features, one row after another, unscaled
     * @param threads engine threads to use
     * @return {@link #outputs()} numbers per row
     */
    public float[] predict(int rows, float[] features, int threads) {
        return predict(rows, features, threads, loaded()::forward);
    }

    /**
     * Computes the outputs of a batch of a size that comes again and again: compiled once for each such size.
     *
     * @param rows number of rows
     * @param features their features, one row after another, unscaled
     * @param threads engine threads to use
     * @return {@link #outputs()} numbers per row
     */
    public float[] predictBatch(int rows, float[] features, int threads) {
        return predict(rows, features, threads, loaded()::call);
    }

    private float[] predict(int rows, float[] features, int threads, UnaryOperator<NDArray> network) {
        Backend backend = Backends.current();
        int before = backend.threads();
        backend.setThreads(threads);
        try (Scope scope = Scope.open()) {
            long[] row = rowShape();
            long[] dims = new long[row.length + 1];
            dims[0] = rows;
            System.arraycopy(row, 0, dims, 1, row.length);
            NDArray x = Features.scaled(NDArray.of(Shape.of(dims), features), scale);
            return network.apply(x).cast(DType.FLOAT32).toFloatArray();
        } finally {
            backend.setThreads(before);
        }
    }
}
