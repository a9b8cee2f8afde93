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
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.nn.Block;
import io.kiln.nn.GraphBlock;
import io.kiln.nn.Parameter;
import io.kiln.nn.json.BlockJson;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

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
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final Block block;
    private final Traced given;
    private long[] lastRow;
    private long[] lastOutput;

    /**
     * A network with known shapes.
     *
     * @param graph the graph
     * @param values safetensors of the parameters with initial values; may be empty
     * @param frozen names of the parameters that training does not change
     */
    public record Traced(Graph graph, ByteChunks values, Set<String> frozen) {
        /**
         * A network whose parameters are all trained.
         *
         * @param graph the graph
         * @param values safetensors of the parameters with initial values; may be empty
         */
        public Traced(Graph graph, ByteChunks values) {
            this(graph, values, Set.of());
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

    private Network(Block block, Traced given) {
        this.block = block;
        this.given = given;
    }

    /**
     * Creates a network from a block.
     *
     * @param block the block, which must not be changed while a fit starts; fits do not change it
     * @return the network
     * @throws IllegalArgumentException for a graph that does not have one input and one output over batches
     */
    public static Network of(Block block) {
        if (block instanceof GraphBlock g) {
            checked(new Traced(g.graph(), ByteChunks.EMPTY));
        }
        return new Network(block, null);
    }

    /**
     * Creates a network from JSON.
     *
     * @param json layers in the format of {@link BlockJson}, a graph's JSON, or the result of {@link #toJson}
     * @return the network
     * @throws IllegalArgumentException if it is none of these, or a graph without exactly one input and one output over
     *     batches
     */
    public static Network fromJson(String json) {
        return BlockJson.readLayers(json)
                .map(Network::of)
                .orElseGet(() -> isSaved(json)
                        ? fromSavedJson(json)
                        : new Network(null, checked(new Traced(Graph.fromJson(json), ByteChunks.EMPTY))));
    }

    private static boolean isSaved(String json) {
        try {
            return MAPPER.readTree(json).has("values");
        } catch (JsonProcessingException e) {
            return false;
        }
    }

    /** Checks that a network has one input and one output over batches of rows that fit into Java arrays. */
    static Traced checked(Traced t) {
        Graph g = t.graph();
        if (g.inputs().size() != 1 || g.outputs().size() != 1) {
            throw new IllegalArgumentException("network: needs one input and one output, got %d and %d"
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
        if (block instanceof GraphBlock g) {
            return Optional.of(new Traced(g.graph(), ByteChunks.EMPTY).rowShape());
        }
        return Optional.ofNullable(block == null ? given.rowShape() : null);
    }

    /**
     * Shape of the output without its batch axis, for rows of a given shape.
     *
     * @param rowShape shape of a row
     * @return the sizes
     * @throws IllegalArgumentException if the network does not accept such rows
     */
    public synchronized long[] outputShape(long... rowShape) {
        if (lastRow == null || !Arrays.equals(lastRow, rowShape)) {
            trace(rowShape);
        }
        return lastOutput.clone();
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
        Traced traced = block == null ? given : checked(copied(rowShape));
        lastRow = rowShape.clone();
        lastOutput = traced.outputShape();
        return traced;
    }

    /** Graph and values of the block, which other estimators may share. */
    private Traced copied(long... rowShape) {
        long[] dims = new long[rowShape.length + 1];
        dims[0] = Shape.UNKNOWN;
        System.arraycopy(rowShape, 0, dims, 1, rowShape.length);
        synchronized (block) {
            Block.Traced copy = block instanceof GraphBlock g
                    ? new Block.Traced(g.graph(), Map.of())
                    : block.traceCopy(new Spec(Shape.of(dims), DType.FLOAT32));
            Set<String> names = new HashSet<>();
            copy.graph().parameters().forEach(p -> names.add(p.name()));
            Map<String, NDArray> values = new LinkedHashMap<>(copy.constants());
            Set<String> frozen = new TreeSet<>();
            block.parameters().forEach((name, p) -> {
                if (names.contains(name) && (p.hasData() || p.initializer() == null)) {
                    values.put(name, p.value());
                }
                if (names.contains(name) && p.role().isTrained() && !p.isTrained()) {
                    frozen.add(name);
                }
            });
            return new Traced(
                    copy.graph(), values.isEmpty() ? ByteChunks.EMPTY : SafeTensors.toChunks(values, Map.of()), frozen);
        }
    }

    /**
     * Returns the form in which an estimator saves it.
     *
     * @return JSON: format, graph, and values in base 64
     * @throws IllegalStateException for a block that was not traced yet, or with more than 1 GiB of initial weights
     */
    public synchronized String toJson() {
        long[] row = rowShape().orElse(lastRow);
        if (row == null) {
            throw new IllegalStateException(
                    "network: a block is saved as its graph, and the shape of a row is not known yet; set inputShape before saving the estimator");
        }
        Traced traced = trace(row);
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
            return new Network(
                    null,
                    checked(new Traced(Graph.fromJson(n.path("graph").toString()), ByteChunks.of(values), frozen)));
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
