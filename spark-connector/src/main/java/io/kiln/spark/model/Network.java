package io.kiln.spark.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kiln.format.ByteChunks;
import io.kiln.format.SafeTensors;
import io.kiln.graph.Graph;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.nn.Block;
import io.kiln.nn.GraphBlock;
import io.kiln.nn.Parameter;
import io.kiln.nn.json.BlockJson;
import io.kiln.spark.feed.InputBinding;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * A network as the value of a Param: a user's block, a copy of which is traced for each fit, or a graph. User classes
 * never leave the driver; the graph does. Neither schema checks nor fits change the block: one network serves several
 * estimators, and rows of several widths.
 *
 * <p>Parameters of a block that already have values (a network trained before) start training with them; constants
 * always keep theirs, and {@linkplain Parameter#freeze frozen} parameters are not trained. Everything else is drawn
 * from its initializer and the fit's seed.
 *
 * <p>Concurrency: thread-safe, since a CrossValidator fits several estimators at once.
 */
public final class Network {
    private static final int FORMAT = 1;
    private static final long MAX_VALUES = 1L << 30; // in base 64 they still fit into a string
    private static final int MAX_ROW = Integer.MAX_VALUE - 8;
    private static final Set<DType> READ =
            Collections.unmodifiableSet(EnumSet.of(DType.UINT8, DType.INT32, DType.INT64, DType.FLOAT32));
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final Block block;
    private final Traced given;
    private final TransferLearning transfer;
    /** Shared with what {@link #with} makes of it, which is what is fitted. */
    private final Last last;

    /**
     * A network with known shapes.
     *
     * @param graph the graph
     * @param values safetensors of the parameters with initial values; may be empty
     * @param frozen names of the parameters that training does not change
     * @param byRows names of the parameters that {@linkplain Parameter#keepRowGradient keep their gradients by rows}
     * @param rates factors on the learning rate by the names of the parameters, 1 for all others
     */
    public record Traced(
            Graph graph, ByteChunks values, Set<String> frozen, Set<String> byRows, Map<String, Double> rates) {
        /**
         * A network whose parameters are all trained.
         *
         * @param graph the graph
         * @param values safetensors of the parameters with initial values; may be empty
         */
        public Traced(Graph graph, ByteChunks values) {
            this(graph, values, Set.of(), Set.of(), Map.of());
        }

        /**
         * The same parameters in another graph.
         *
         * @param other the graph
         * @param itsValues safetensors of its parameters with initial values
         * @return the network
         */
        public Traced with(Graph other, ByteChunks itsValues) {
            return new Traced(other, itsValues, frozen, byRows, rates);
        }

        /**
         * The parameters with initial values that training changes.
         *
         * @return their names
         */
        public List<String> trainedValues() {
            try (Scope scope = Scope.open()) {
                Set<String> given = SafeTensors.read(values).tensors().keySet();
                return graph.parameters().stream()
                        .filter(p -> p.role().isTrained() && given.contains(p.name()))
                        .map(Graph.ParameterInfo::name)
                        .toList();
            } catch (IOException e) {
                throw new UncheckedIOException("training: values: " + e.getMessage(), e);
            }
        }

        /**
         * Shape of the input without its batch axis.
         *
         * @return the sizes
         */
        public long[] rowShape() {
            return rest(graph.inputs().get(0).spec().shape());
        }

        /**
         * Shape of the output without its batch axis.
         *
         * @return the sizes
         */
        public long[] outputShape() {
            return rest(graph.spec(graph.outputs().get(0)).shape());
        }

        private static long[] rest(Shape s) {
            long[] dims = new long[s.rank() - 1];
            for (int i = 0; i < dims.length; i++) {
                dims[i] = s.dim(i + 1);
            }
            return dims;
        }
    }

    private Network(Block block, Traced given, TransferLearning transfer) {
        this(block, given, transfer, new Last());
    }

    private Network(Block block, Traced given, TransferLearning transfer, Last last) {
        this.block = block;
        this.given = given;
        this.transfer = transfer;
        this.last = last;
    }

    /** The shapes of the last trace. */
    private static final class Last {
        private volatile long[] row;
        private volatile long[] output;
        private volatile List<Graph.Input> inputs;
    }

    /**
     * Creates a network from a block.
     *
     * @param block the block, which must not be changed while a fit starts; fits do not change it
     * @return the network
     * @throws IllegalArgumentException for a graph whose inputs and outputs are not over batches
     */
    public static Network of(Block block) {
        if (block instanceof GraphBlock g) {
            overBatches(new Traced(g.graph(), ByteChunks.EMPTY));
        }
        return new Network(block, null, TransferLearning.NONE);
    }

    /**
     * The network of a trained model, which begins with its weights.
     *
     * @param trained the model's network
     * @return the network
     */
    public static Network of(TrainedNetwork trained) {
        return new Network(
                null,
                overBatches(new Traced(Graph.fromJson(trained.graphJson()), trained.weightChunks())),
                TransferLearning.NONE);
    }

    /**
     * The same network with weights from an earlier training.
     *
     * @param t what is taken over, frozen and learned more slowly
     * @return a network whose traces have these weights
     */
    public Network with(TransferLearning t) {
        return new Network(block, given, t, last);
    }

    /**
     * Creates a network from JSON.
     *
     * @param json layers in the format of {@link BlockJson}, a graph's JSON, or the result of {@link #toJson}
     * @return the network
     * @throws IllegalArgumentException if it is none of these, or a graph whose inputs and outputs are not over batches
     */
    public static Network fromJson(String json) {
        return BlockJson.readLayers(json)
                .map(Network::of)
                .orElseGet(() -> isSaved(json)
                        ? fromSavedJson(json)
                        : new Network(
                                null,
                                overBatches(new Traced(Graph.fromJson(json), ByteChunks.EMPTY)),
                                TransferLearning.NONE));
    }

    private static boolean isSaved(String json) {
        try {
            return MAPPER.readTree(json).has("values");
        } catch (JsonProcessingException e) {
            return false;
        }
    }

    /** Checks that a network takes and gives batches. */
    static Traced overBatches(Traced t) {
        Graph g = t.graph();
        if (g.inputs().isEmpty() || g.outputs().isEmpty()) {
            throw new IllegalArgumentException("network: needs inputs and outputs, got %d and %d"
                    .formatted(g.inputs().size(), g.outputs().size()));
        }
        for (Graph.Input i : g.inputs()) {
            if (!isOverBatch(i.spec()) || !READ.contains(i.spec().dtype())) {
                throw new IllegalArgumentException(
                        "network: its input %s must be one of %s of shape [-1, …] with the batch first, got %s; trace it with such an input"
                                .formatted(i.name(), READ, i.spec()));
            }
        }
        for (int k = 0; k < g.outputs().size(); k++) {
            Spec out = g.spec(g.outputs().get(k));
            if (!isOverBatch(out)) {
                throw new IllegalArgumentException("network: its output %s must keep the batch as first axis, got %s"
                        .formatted(g.outputNames().get(k), out));
            }
        }
        return t;
    }

    private static boolean isOverBatch(Spec s) {
        return s.shape().rank() >= 1
                && s.shape().dim(0) == Shape.UNKNOWN
                && Arrays.stream(s.shape().dims()).noneMatch(d -> d == 0);
    }

    /** Checks that a network has one input and one output over batches of rows that fit into Java arrays. */
    static Traced checked(Traced t) {
        Graph g = t.graph();
        if (g.inputs().size() != 1 || g.outputs().size() != 1) {
            throw new IllegalArgumentException(
                    "network: needs one input and one output, got %d and %d; train it with NetEstimator"
                            .formatted(g.inputs().size(), g.outputs().size()));
        }
        Spec in = g.inputs().get(0).spec();
        Spec out = g.spec(g.outputs().get(0));
        if (in.shape().rank() < 2 || in.shape().dim(0) != Shape.UNKNOWN || in.dtype() != DType.FLOAT32) {
            throw new IllegalArgumentException(
                    "network: its input must be float32 of shape [-1, …] with the batch first, got %s; trace it with such an input"
                            .formatted(in));
        }
        size("input", t.rowShape(), in);
        if (out.shape().rank() < 1 || out.shape().dim(0) != Shape.UNKNOWN) {
            throw new IllegalArgumentException("network: its output must keep the batch as first axis, got " + out);
        }
        size("output", t.outputShape(), out);
        return t;
    }

    private static void size(String what, long[] row, Spec spec) {
        try {
            if (Arrays.stream(row).allMatch(d -> d > 0)
                    && Arrays.stream(row).reduce(1, Math::multiplyExact) <= MAX_ROW) {
                return;
            }
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException(
                    "network: its %s %s has more than %d numbers for a row".formatted(what, spec, MAX_ROW), e);
        }
        throw new IllegalArgumentException(
                "network: its %s must have 1 to %d numbers for a row, all sizes but the batch known, got %s"
                        .formatted(what, MAX_ROW, spec));
    }

    /**
     * Shape of a row, if the network alone determines it.
     *
     * @return the sizes, or empty for a block that accepts rows of several shapes
     */
    public Optional<long[]> rowShape() {
        return graph().map(g -> checked(new Traced(g, ByteChunks.EMPTY)).rowShape());
    }

    private Optional<Graph> graph() {
        return block instanceof GraphBlock g
                ? Optional.of(g.graph())
                : Optional.ofNullable(given).map(Traced::graph);
    }

    /**
     * What is known of the inputs before the network is traced.
     *
     * @return names, and for a graph the specs
     */
    public InputBinding.Known inputs() {
        Map<String, Spec> declared = new LinkedHashMap<>();
        graph().ifPresent(g -> g.inputs().forEach(i -> declared.put(i.name(), i.spec())));
        return new InputBinding.Known(
                declared.isEmpty() ? block.inputNames() : List.copyOf(declared.keySet()), declared);
    }

    /**
     * Traces the network for given inputs, with its current values.
     *
     * @param inputs the inputs in the network's order; the batch, and the lengths of sequences, may be unknown
     * @return its graph and values
     * @throws IllegalArgumentException if the network does not accept such inputs
     */
    public synchronized Traced trace(List<Graph.Input> inputs) {
        Spec[] specs = inputs.stream().map(Graph.Input::spec).toArray(Spec[]::new);
        Traced traced;
        if (graph().isPresent()) {
            traced = given != null ? given : copied(specs);
            Graph g = traced.graph();
            for (int i = 0; i < specs.length; i++) {
                Spec needed = g.inputs().get(i).spec();
                if (needed.dtype() != specs[i].dtype() || !needed.shape().accepts(specs[i].shape())) {
                    throw new IllegalArgumentException("network: its input %s is %s, the columns give %s"
                            .formatted(inputs.get(i).name(), needed, specs[i]));
                }
            }
            last.inputs = g.inputs();
            return transfer.applied(overBatches(traced));
        }
        try {
            traced = copied(specs);
        } catch (ShapeException | IndexOutOfBoundsException e) {
            throw new IllegalArgumentException(
                    "network: does not accept its inputs %s: %s".formatted(described(inputs), e.getMessage()), e);
        }
        Graph g = traced.graph();
        Graph renamed =
                new Graph(inputs, g.parameters(), g.nodes(), g.outputs(), g.updates(), g.attributes(), g.outputNames());
        last.inputs = inputs;
        return transfer.applied(overBatches(traced.with(renamed, traced.values())));
    }

    private static String described(List<Graph.Input> inputs) {
        return inputs.stream().map(i -> i.name() + " " + i.spec()).collect(Collectors.joining(", "));
    }

    /**
     * Shape of the output without its batch axis, for rows of a given shape.
     *
     * @param rowShape shape of a row
     * @return the sizes
     * @throws IllegalArgumentException if the network does not accept such rows
     */
    public synchronized long[] outputShape(long... rowShape) {
        if (last.row == null || !Arrays.equals(last.row, rowShape)) {
            trace(rowShape);
        }
        return last.output.clone();
    }

    /**
     * Traces the network for rows of a given shape, with its current values.
     *
     * @param rowShape shape of a row
     * @return its graph and values
     * @throws IllegalArgumentException if the network does not accept such rows
     */
    public synchronized Traced trace(long... rowShape) {
        Optional<long[]> own = rowShape();
        if (own.isPresent() && !Arrays.equals(own.get(), rowShape)) {
            throw new IllegalArgumentException(
                    "network: takes rows of shape %s, but inputShape or the features' column define %s"
                            .formatted(Arrays.toString(own.get()), Arrays.toString(rowShape)));
        }
        Traced traced = block == null ? checked(given) : checked(copied(input(rowShape)));
        last.row = rowShape.clone();
        last.output = traced.outputShape();
        return transfer.applied(traced);
    }

    private static Spec input(long... rowShape) {
        long[] dims = new long[rowShape.length + 1];
        dims[0] = Shape.UNKNOWN;
        System.arraycopy(rowShape, 0, dims, 1, rowShape.length);
        return new Spec(Shape.of(dims), DType.FLOAT32);
    }

    /** Graph and values of the block, which other estimators may share. */
    private Traced copied(Spec... inputs) {
        synchronized (block) {
            Block.Traced copy =
                    block instanceof GraphBlock g ? new Block.Traced(g.graph(), Map.of()) : block.traceCopy(inputs);
            Set<String> names = new HashSet<>();
            copy.graph().parameters().forEach(p -> names.add(p.name()));
            Map<String, NDArray> values = new LinkedHashMap<>(copy.constants());
            Set<String> frozen = new TreeSet<>();
            Set<String> byRows = new TreeSet<>();
            block.parameters().forEach((name, p) -> {
                if (names.contains(name) && (p.hasData() || p.initializer() == null)) {
                    values.put(name, p.value());
                }
                if (names.contains(name) && p.role().isTrained() && !p.isTrained()) {
                    frozen.add(name);
                }
                if (names.contains(name) && p.keepsRowGradient()) {
                    byRows.add(name);
                }
            });
            return new Traced(
                    copy.graph(),
                    values.isEmpty() ? ByteChunks.EMPTY : SafeTensors.toChunks(values, Map.of()),
                    frozen,
                    byRows,
                    Map.of());
        }
    }

    /**
     * Returns the form in which an estimator saves it.
     *
     * @return JSON: format, graph, and values in base 64
     * @throws IllegalStateException for a block that was not traced yet, or with more than 1 GiB of initial weights
     */
    public synchronized String toJson() {
        Traced traced;
        if (graph().isPresent()) {
            traced = given != null ? given : copied();
        } else if (last.inputs != null) {
            traced = trace(last.inputs);
        } else if (last.row != null) {
            traced = trace(last.row);
        } else {
            throw new IllegalStateException(
                    "network: a block is saved as its graph, and the shape of a row is not known yet; set inputShape, or fit the estimator, before saving it");
        }
        ObjectNode json = MAPPER.createObjectNode();
        json.put("format", FORMAT);
        try {
            json.set("graph", MAPPER.readTree(traced.graph().toJson()));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("network: " + e.getOriginalMessage(), e);
        }
        if (traced.values().length() > MAX_VALUES) {
            throw new IllegalStateException(
                    "network: an estimator is saved with at most %d MiB of initial weights, this network has %d; save it without them and load them before fit"
                            .formatted(MAX_VALUES >> 20, traced.values().length() >> 20));
        }
        json.put("values", Base64.getEncoder().encodeToString(traced.values().toByteArray()));
        ArrayNode frozen = json.putArray("frozen");
        traced.frozen().forEach(frozen::add);
        if (!traced.byRows().isEmpty()) {
            ArrayNode byRows = json.putArray("byRows");
            traced.byRows().forEach(byRows::add);
        }
        return json.toString();
    }

    /** Reads the result of {@link #toJson}. */
    private static Network fromSavedJson(String json) {
        try {
            JsonNode n = MAPPER.readTree(json);
            if (n.path("format").asInt() != FORMAT) {
                throw new IllegalArgumentException("network: saved in format %s, this version of Kiln reads format %d"
                        .formatted(n.path("format"), FORMAT));
            }
            byte[] values = Base64.getDecoder().decode(n.path("values").asText());
            Set<String> frozen = new TreeSet<>();
            n.path("frozen").forEach(name -> frozen.add(name.asText()));
            Set<String> byRows = new TreeSet<>();
            n.path("byRows").forEach(name -> byRows.add(name.asText()));
            return new Network(
                    null,
                    overBatches(new Traced(
                            Graph.fromJson(n.path("graph").toString()),
                            ByteChunks.of(values),
                            frozen,
                            byRows,
                            Map.of())),
                    TransferLearning.NONE);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("network: not JSON: " + e.getOriginalMessage(), e);
        }
    }

    /** {@return a short description of the network} */
    @Override
    public String toString() {
        if (block != null) {
            return "block " + block.getClass().getSimpleName();
        }
        long n = given.graph().parameters().stream()
                .mapToLong(p -> p.spec().shape().size())
                .sum();
        return String.format(
                Locale.ROOT,
                "graph of %d operators and %d weights",
                given.graph().nodes().size(),
                n);
    }
}
