package io.kiln.spark.model;

import io.kiln.backend.Backend;
import io.kiln.backend.Backends;
import io.kiln.backend.OutOfDeviceMemoryException;
import io.kiln.format.ByteChunks;
import io.kiln.format.SafeTensors;
import io.kiln.graph.Graph;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.IndexRangeException;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.nn.GraphBlock;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiFunction;

/**
 * A network with its weights, applied to rows. It is serialized as text and bytes; each JVM builds the engine's form
 * once, for the first row, and frees it with the last reference.
 *
 * <p>Concurrency: thread-safe; many tasks of an executor may use one instance.
 */
public final class TrainedNetwork implements Serializable {
    private static final long serialVersionUID = 2L;

    private final String graph;
    private final ByteChunks weights;
    private final double inputScale;
    private transient volatile GraphBlock block;
    private transient volatile GraphBlock loaded;
    private transient volatile long[] row;

    /**
     * Creates one.
     *
     * @param graph the graph's JSON
     * @param weights safetensors of all parameters
     * @param inputScale factor on the features
     */
    public TrainedNetwork(String graph, ByteChunks weights, double inputScale) {
        this.graph = graph;
        this.weights = weights;
        this.inputScale = inputScale;
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
     * @return safetensors of all parameters
     * @throws IllegalStateException if they exceed the 2 GiB of an array; use {@link #weightChunks}
     */
    public byte[] weights() {
        return weights.toByteArray();
    }

    /**
     * The weights, of any size.
     *
     * @return safetensors of all parameters
     */
    public ByteChunks weightChunks() {
        return weights;
    }

    /**
     * Factor on the features.
     *
     * @return the factor
     */
    public double inputScale() {
        return inputScale;
    }

    /**
     * Shape of a row.
     *
     * @return its sizes
     */
    public long[] rowShape() {
        return row().clone();
    }

    private long[] row() {
        long[] r = row;
        if (r == null) {
            r = new Network.Traced(block().graph(), ByteChunks.EMPTY).rowShape();
            row = r;
        }
        return r;
    }

    /**
     * The number of features of a row.
     *
     * @return the product of {@link #rowShape()}
     */
    public int width() {
        long width = 1;
        for (long d : row()) {
            width = Math.multiplyExact(width, d);
        }
        return Math.toIntExact(width);
    }

    /**
     * The number of outputs of a row.
     *
     * @return the size of the output without its batch axis
     */
    public int outputs() {
        long[] shape = new Network.Traced(block().graph(), ByteChunks.EMPTY).outputShape();
        return Math.toIntExact(Arrays.stream(shape).reduce(1, Math::multiplyExact));
    }

    /**
     * Checks that graph and weights belong together and that rows and outputs have known shapes, for networks read from
     * a file.
     *
     * @throws IllegalArgumentException if they are damaged
     */
    void check() {
        Graph g = block().graph();
        Network.checked(new Network.Traced(g, ByteChunks.EMPTY));
        Spec output;
        try {
            output = g.infer(g.inputs().get(0).spec())[0];
        } catch (IllegalArgumentException e) {
            throw e;
        } catch (RuntimeException e) { // an operator with too few inputs may access missing ones
            throw new IllegalArgumentException("graph: its operators do not fit together: " + e, e);
        }
        if (!output.equals(g.spec(g.outputs().get(0)))) {
            throw new IllegalArgumentException(
                    "graph: its output must be %s according to its operators, got %s: it is damaged"
                            .formatted(output, g.spec(g.outputs().get(0))));
        }
        Map<String, Spec> stored;
        try (InputStream in = weights.open()) {
            stored = SafeTensors.specs(in, weights.length());
        } catch (IOException e) {
            throw new IllegalArgumentException("weights: " + e.getMessage(), e);
        }
        Map<String, Spec> expected = new LinkedHashMap<>();
        g.parameters().forEach(p -> expected.put(p.name(), p.spec()));
        if (!stored.keySet().equals(expected.keySet())) {
            throw new IllegalArgumentException(
                    "weights: the graph has parameters %s, the file %s: they do not belong together"
                            .formatted(expected.keySet(), stored.keySet()));
        }
        expected.forEach((name, spec) -> {
            if (!spec.equals(stored.get(name))) {
                throw new IllegalArgumentException("weights: %s must be %s, got %s: they do not belong to the graph"
                        .formatted(name, spec, stored.get(name)));
            }
        });
    }

    /**
     * Returns a copy of the network as a block, to inspect it, to use it in another network, or to train it further as
     * an estimator's network. It includes the nodes for standardised features and targets, but not
     * {@link #inputScale()}.
     *
     * @return a block with the weights, to be closed by the caller
     */
    public GraphBlock toBlock() {
        GraphBlock copy = new GraphBlock(block().graph());
        load(copy);
        return copy;
    }

    private void load(GraphBlock b) {
        try (Scope scope = Scope.open()) {
            b.load(SafeTensors.read(weights).tensors());
        } catch (IOException e) {
            throw new UncheckedIOException("model: weights: " + e.getMessage(), e);
        }
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

    /** The block with its weights; loaded once, since predicting a single row takes microseconds. */
    private GraphBlock loaded() {
        GraphBlock b = loaded;
        if (b == null) {
            synchronized (this) {
                b = loaded;
                if (b == null) {
                    b = block();
                    load(b);
                    b.hybridize();
                    loaded = b;
                }
            }
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
        return predict(rows, features, threads, GraphBlock::forward);
    }

    /**
     * Computes the outputs of a single row on one thread, compiled, as needed by a service that answers row by row.
     *
     * @param features the row's features, unscaled
     * @return {@link #outputs()} numbers
     */
    public float[] predictRow(float... features) {
        return predictBatch(1, features, 1);
    }

    /**
     * Computes the outputs of a batch of a recurring size: compiled once for each size.
     *
     * @param rows number of rows
     * @param features their features, one row after another, unscaled
     * @param threads engine threads to use
     * @return {@link #outputs()} numbers per row
     */
    public float[] predictBatch(int rows, float[] features, int threads) {
        return predict(rows, features, threads, GraphBlock::call);
    }

    private float[] predict(int rows, float[] features, int threads, BiFunction<GraphBlock, NDArray, NDArray> call) {
        Backend backend = Backends.current();
        int before = backend.threads();
        if (before != threads) {
            backend.setThreads(threads);
        }
        try (Scope scope = Scope.open()) {
            long[] row = row();
            long[] dims = new long[row.length + 1];
            dims[0] = rows;
            System.arraycopy(row, 0, dims, 1, row.length);
            NDArray x = Features.scaled(NDArray.of(Shape.of(dims), features), inputScale);
            try {
                return call.apply(loaded(), x).cast(DType.FLOAT32).toFloatArray();
            } catch (IndexRangeException e) {
                throw new IllegalArgumentException("predict: " + Features.place(x, e), e);
            }
        } catch (OutOfDeviceMemoryException e) {
            throw new OutOfDeviceMemoryException(
                    "predict: a batch of " + rows + " rows and " + (weights.length() >> 20)
                            + " MiB of weights need more memory than is available; lower predictionBatchSize or the tasks per executor",
                    e);
        } finally {
            if (before != threads) {
                backend.setThreads(before);
            }
        }
    }
}
