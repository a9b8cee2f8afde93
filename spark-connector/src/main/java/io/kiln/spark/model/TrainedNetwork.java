package io.kiln.spark.model;

import io.kiln.backend.Backend;
import io.kiln.backend.Backends;
import io.kiln.backend.Context;
import io.kiln.backend.Device;
import io.kiln.backend.OutOfDeviceMemoryException;
import io.kiln.format.ByteChunks;
import io.kiln.format.SafeTensors;
import io.kiln.graph.Graph;
import io.kiln.graph.SparseInputs;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.IndexRangeException;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.nn.GraphBlock;
import io.kiln.nn.Parameter;
import io.kiln.op.linalg.Linalg;
import io.kiln.spark.feed.Batch;
import io.kiln.spark.feed.NetworkInputs;
import io.kiln.spark.feed.SparseFields;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiFunction;
import java.util.function.Supplier;

/**
 * A network with its weights, applied to rows. It is serialized as text and bytes; each JVM builds the engine's form
 * once, for the first row, and frees it with the last reference.
 *
 * <p>Concurrency: thread-safe; many tasks of an executor may use one instance.
 */
public final class TrainedNetwork implements Serializable {
    private static final long serialVersionUID = 2L;

    private static final Duration LOADING = Duration.ofMinutes(5);

    private final String graph;
    private final ByteChunks weights;
    private final double inputScale;
    private transient volatile GraphBlock block;
    private transient volatile Map<Device, GraphBlock> loaded;
    private transient volatile long[] row;
    private transient Map<Part, GraphBlock> parts;

    private record Part(Device device, List<String> outputs, Set<String> sparse) {}

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
            r = Network.checked(new Network.Traced(block().graph(), ByteChunks.EMPTY))
                    .rowShape();
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
        long[] shape = Network.checked(new Network.Traced(block().graph(), ByteChunks.EMPTY))
                .outputShape();
        return Math.toIntExact(Arrays.stream(shape).reduce(1, Math::multiplyExact));
    }

    /**
     * Checks that graph and weights belong together and that rows and outputs have known shapes, for networks read from
     * a file or given by a user.
     *
     * @throws IllegalArgumentException if they are damaged
     */
    public void check() {
        Graph g = block().graph();
        Network.overBatches(new Network.Traced(g, ByteChunks.EMPTY));
        Spec[] outputs;
        try {
            outputs = g.infer(g.inputs().stream().map(Graph.Input::spec).toArray(Spec[]::new));
        } catch (IllegalArgumentException e) {
            throw e;
        } catch (RuntimeException e) { // an operator with too few inputs may access missing ones
            throw new IllegalArgumentException("graph: its operators do not fit together: " + e, e);
        }
        for (int k = 0; k < outputs.length; k++) {
            if (!outputs[k].equals(g.spec(g.outputs().get(k)))) {
                throw new IllegalArgumentException(
                        "graph: its output must be %s according to its operators, got %s: it is damaged"
                                .formatted(outputs[k], g.spec(g.outputs().get(k))));
            }
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
     * Checks that there is one input and one output, with rows of known shape, as models with a features column need.
     *
     * @return this network
     * @throws IllegalArgumentException if there are others
     */
    public TrainedNetwork withOneInput() {
        Network.checked(new Network.Traced(block().graph(), ByteChunks.EMPTY));
        return this;
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
        load(copy, Set.of());
        return copy;
    }

    /**
     * The graph.
     *
     * @return the graph
     */
    public Graph graph() {
        return block().graph();
    }

    /**
     * The part of the network that computes some of its values, with its weights on the calling thread's device; made
     * once for each list and device.
     *
     * @param outputs the values, as {@link OutputNames} reads them
     * @return a compiled block
     * @throws IllegalArgumentException if there is no such value
     */
    public GraphBlock part(List<String> outputs) {
        return part(outputs, Set.of());
    }

    /**
     * As {@link #part(List)}, with some inputs as CSR matrices.
     *
     * @param outputs the values, as {@link OutputNames} reads them
     * @param sparse the inputs that are sparse: {@link SparseInputs}
     * @return a compiled block
     * @throws IllegalArgumentException if there is no such value, or an input cannot be sparse
     */
    public GraphBlock part(List<String> outputs, Set<String> sparse) {
        Part key = new Part(Backends.current().device(), List.copyOf(outputs), Set.copyOf(sparse));
        synchronized (this) {
            if (parts == null) {
                parts = new HashMap<>();
            }
            return parts.computeIfAbsent(
                    key, k -> compiled(OutputNames.part(block().graph(), k.outputs()), k.sparse()));
        }
    }

    private GraphBlock compiled(Graph g, Set<String> sparse) {
        SparseInputs.Rewritten r = SparseInputs.rewrite(g, sparse);
        GraphBlock b = new GraphBlock(r.transposed().isEmpty() ? g : r.graph());
        load(b, r.transposed());
        b.hybridize();
        Context.current().queue().synchronize(LOADING); // other threads have other queues
        return b;
    }

    /** Sets one weight after another, so that at most one is there twice. */
    private void load(GraphBlock b, Set<String> transposed) {
        Map<String, Parameter> missing = new LinkedHashMap<>(b.parameters());
        try {
            SafeTensors.forEach(weights, (name, w) -> {
                Parameter p = missing.remove(name);
                if (p != null) {
                    p.set(transposed.contains(name) ? Linalg.matrixTranspose(w) : w);
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException("model: weights: " + e.getMessage(), e);
        }
        if (!missing.isEmpty()) {
            throw new IllegalArgumentException(
                    "model: weights: the graph's parameters %s are missing: they do not belong to it"
                            .formatted(missing.keySet()));
        }
        Backends.current().allocator().trim(); // what was read, as large as the largest weights
    }

    /**
     * The fields that can be CSR matrices, because their columns are wide vectors and the network takes them.
     *
     * @param inputs the network's inputs
     * @param outputs the values that are computed, as {@link OutputNames} reads them
     * @return their indices
     */
    public Set<Integer> sparseFields(NetworkInputs inputs, List<String> outputs) {
        Graph part = OutputNames.part(block().graph(), outputs);
        List<String> known = part.inputs().stream().map(Graph.Input::name).toList();
        Set<Integer> fields = new HashSet<>();
        Set<Integer> dense = new HashSet<>();
        for (NetworkInputs.Slot s : inputs.slots()) {
            boolean sparse = s.source() == NetworkInputs.Source.VALUES
                    && SparseFields.mayBeSparse(inputs.fields().get(s.field()))
                    && (!known.contains(s.name())
                            || SparseInputs.obstacle(part, s.name()).isEmpty());
            (sparse ? fields : dense).add(s.field());
        }
        fields.removeAll(dense);
        return fields;
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

    /**
     * The block with its weights on the calling thread's device; loaded once for each device, since predicting a single
     * row takes microseconds.
     */
    private GraphBlock loaded() {
        Device device = Backends.current().device();
        Map<Device, GraphBlock> known = loaded;
        GraphBlock b = known == null ? null : known.get(device);
        if (b == null) {
            synchronized (this) {
                if (loaded == null) {
                    loaded = new ConcurrentHashMap<>();
                }
                b = loaded.get(device);
                if (b == null) {
                    b = compiled(block().graph(), Set.of());
                    loaded.put(device, b);
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
        return predicting(rows, threads, () -> {
            NDArray x = Features.scaled(NDArray.of(Shape.of(shape(rows)), features), inputScale);
            try {
                return call.apply(loaded(), x).cast(DType.FLOAT32).toFloatArray();
            } catch (IndexRangeException e) {
                throw new IllegalArgumentException("predict: " + Features.place(x, e), e);
            }
        });
    }

    private long[] shape(int rows) {
        long[] row = row();
        long[] dims = new long[row.length + 1];
        dims[0] = rows;
        System.arraycopy(row, 0, dims, 1, row.length);
        return dims;
    }

    /** Predicts on a number of engine threads, and says what to do about memory that the rows have filled. */
    <R> R predicting(int rows, int threads, Supplier<R> prediction) {
        Backend backend = Backends.current();
        int before = backend.threads();
        if (before != threads) {
            backend.setThreads(threads);
        }
        try (Scope scope = Scope.open()) {
            return prediction.get();
        } catch (OutOfDeviceMemoryException e) {
            throw full(rows, e);
        } finally {
            if (before != threads) {
                backend.setThreads(before);
            }
        }
    }

    /**
     * Whether the features, the only input, can be a CSR matrix.
     *
     * @return true if only {@code Linear} layers read them
     */
    public boolean takesSparseFeatures() {
        Graph g = block().graph();
        return SparseInputs.obstacle(g, g.inputs().get(0).name()).isEmpty();
    }

    /**
     * Computes the outputs of a batch with one field, the features.
     *
     * @param batch the batch, whose features may be a CSR matrix
     * @param usual rows of most batches: programs are compiled for these
     * @param threads engine threads to use
     * @return {@link #outputs()} numbers per row
     */
    public float[] predict(Batch batch, int usual, int threads) {
        return predicting(batch.rows(), threads, () -> {
            Graph g = block().graph();
            boolean sparse = batch.isSparse(0);
            NDArray[] x =
                    sparse ? batch.csr(0) : new NDArray[] {batch.features().reshape(shape(batch.rows()))};
            int values = sparse ? 1 : 0;
            x[values] = Features.scaled(x[values], inputScale);
            GraphBlock block =
                    sparse ? part(g.outputNames(), Set.of(g.inputs().get(0).name())) : loaded();
            try {
                NDArray[] y = batch.rows() == usual ? block.callAll(x) : block.forwardAll(x);
                return y[0].cast(DType.FLOAT32).toFloatArray();
            } catch (IndexRangeException e) {
                throw new IllegalArgumentException(
                        "predict: " + (sparse ? e.getMessage() : Features.place(x[0], e)), e);
            }
        });
    }

    /** Says what to do about memory that a batch has filled. */
    private OutOfDeviceMemoryException full(int rows, OutOfDeviceMemoryException e) {
        return new OutOfDeviceMemoryException(
                "predict: a batch of " + rows + " rows and " + (weights.length() >> 20)
                        + " MiB of weights need more memory than is available; lower predictionBatchSize or the tasks per executor",
                e);
    }
}
