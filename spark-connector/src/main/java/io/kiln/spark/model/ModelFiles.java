package io.kiln.spark.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kiln.format.ByteChunks;
import io.kiln.format.Checksums;
import io.kiln.format.SealedJson;
import io.kiln.graph.Graph;
import io.kiln.ndarray.Shape;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * The files of a trained network, in addition to MLlib's {@code metadata}: {@code kiln.json} (format version, the
 * model's properties, and checksums of each slice of the other two), {@code graph.json} and
 * {@code weights.safetensors}.
 */
public final class ModelFiles {
    private static final int FORMAT = 1;
    private static final int MAX_TEXT_BYTES = 256 << 20;
    private static final String FACTS = "kiln.json";
    private static final String GRAPH = "graph.json";
    private static final String WEIGHTS = "weights.safetensors";
    private static final String FILES = "files";
    private static final ObjectMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private ModelFiles() {}

    /**
     * A saved network.
     *
     * @param network the network
     * @param facts the model's properties
     */
    public record Saved(TrainedNetwork network, JsonNode facts) {
        /**
         * The number of classes of a classifier.
         *
         * @return at least 2
         * @throws IllegalArgumentException if it is missing or does not match the network's outputs
         */
        public int classes() {
            JsonNode n = facts.path("numClasses");
            int outputs = outputs();
            if (!n.isInt() || n.asInt() < 2 || n.asInt() != Math.max(outputs, 2)) {
                throw new IllegalArgumentException(
                        "load model: %s: numClasses must be %d, as the network has %d outputs, got %s: the file is damaged"
                                .formatted(FACTS, Math.max(outputs, 2), outputs, n));
            }
            return n.asInt();
        }

        private int outputs() {
            Graph g = network.graph();
            if (g.inputs().size() == 1) {
                return network.outputs();
            }
            Shape scores = g.spec(g.outputs().get(0)).shape();
            return g.outputs().size() == 1 && scores.rank() == 2 ? (int) scores.dim(1) : 0;
        }
    }

    /**
     * Saves a network.
     *
     * @param path the model's directory
     * @param configuration of the file system
     * @param network the network
     * @param facts adds the model's other properties
     */
    public static void write(
            String path, Configuration configuration, TrainedNetwork network, Consumer<ObjectNode> facts) {
        ObjectNode json = MAPPER.createObjectNode();
        json.put("format", FORMAT);
        json.put("scale", network.inputScale());
        facts.accept(json);
        try {
            Path dir = new Path(path);
            FileSystem fs = dir.getFileSystem(configuration);
            byte[] graph = network.graphJson().getBytes(StandardCharsets.UTF_8);
            ObjectNode files = json.putObject(FILES);
            files.set(GRAPH, write(fs, new Path(dir, GRAPH), out -> out.write(graph)));
            files.set(WEIGHTS, write(fs, new Path(dir, WEIGHTS), network.weightChunks()::writeTo));
            SealedJson.seal(json);
            byte[] text = MAPPER.writeValueAsBytes(json);
            if (text.length > MAX_TEXT_BYTES) {
                throw new IllegalArgumentException(
                        "save model: %s: %s would have %d bytes with its vocabularies, but is read up to %d; count fewer texts with index(n), or take hash(n)"
                                .formatted(path, FACTS, text.length, MAX_TEXT_BYTES));
            }
            write(fs, new Path(dir, FACTS), out -> out.write(text));
        } catch (IOException e) {
            throw new UncheckedIOException("save model: %s: %s".formatted(path, e.getMessage()), e);
        }
    }

    private static JsonNode write(FileSystem fs, Path file, ByteChunks.Writer content) throws IOException {
        try (Checksums.Output out = new Checksums.Output(fs.create(file, true))) {
            content.write(out);
            return out.checksums().toJson();
        }
    }

    /**
     * Reads a network and checks all of it: its graph, its properties, and each slice of its weights.
     *
     * @param path the model's directory
     * @param configuration of the file system
     * @return the network and its properties
     * @throws IllegalArgumentException if a file is damaged or has an unknown version
     */
    public static Saved read(String path, Configuration configuration) {
        try {
            Path dir = new Path(path);
            FileSystem fs = dir.getFileSystem(configuration);
            JsonNode facts = MAPPER.readTree(text(fs, new Path(dir, FACTS), MissingNode.getInstance()));
            if (!facts.path("format").isInt() || facts.path("format").asInt() != FORMAT) {
                throw new IllegalArgumentException(
                        "load model: %s has format %s, this version of Kiln reads format %d; load it with a newer Kiln"
                                .formatted(path, facts.path("format"), FORMAT));
            }
            if (facts.has(FILES) || facts.has(SealedJson.FIELD)) { // version 0.1 wrote neither
                SealedJson.check(facts);
            }
            JsonNode files = facts.path(FILES);
            String graph = text(fs, new Path(dir, GRAPH), files.path(GRAPH));
            ByteChunks weights = read(fs, new Path(dir, WEIGHTS), files.path(WEIGHTS), Long.MAX_VALUE);
            TrainedNetwork network = new TrainedNetwork(graph, weights, scale(facts));
            network.check();
            return new Saved(network, facts);
        } catch (FileNotFoundException e) {
            throw new IllegalArgumentException(
                    "load model: %s is not a model saved by Kiln: %s".formatted(path, e.getMessage()), e);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(
                    "load model: %s/%s is damaged: it is not JSON: %s".formatted(path, FACTS, e.getOriginalMessage()),
                    e);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("load model: %s: %s".formatted(path, e.getMessage()), e);
        } catch (IOException e) {
            throw new UncheckedIOException("load model: %s: %s".formatted(path, e.getMessage()), e);
        }
    }

    private static double scale(JsonNode facts) {
        JsonNode scale = facts.path("scale");
        double value = scale.asDouble();
        if (!scale.isNumber() || !Double.isFinite(value) || value == 0) {
            throw new IllegalArgumentException(
                    FACTS + ": scale must be a number other than 0, got %s: the file is damaged".formatted(scale));
        }
        return value;
    }

    private static String text(FileSystem fs, Path file, JsonNode sums) throws IOException {
        return new String(read(fs, file, sums, MAX_TEXT_BYTES).toByteArray(), StandardCharsets.UTF_8);
    }

    /** Reads a file whose checksums are known or, for a model saved by a version before 0.2, missing. */
    private static ByteChunks read(FileSystem fs, Path file, JsonNode sums, long most) throws IOException {
        long length = fs.getFileStatus(file).getLen();
        if (length > most) {
            throw new IllegalArgumentException("%s has %d bytes, at most %d are read".formatted(file, length, most));
        }
        if (sums.isMissingNode()) {
            try (FSDataInputStream in = fs.open(file)) {
                return ByteChunks.read(in, length);
            }
        }
        Checksums expected = Checksums.fromJson(sums);
        if (length != expected.bytes()) {
            throw new IllegalArgumentException(
                    "%s must have %d bytes, got %d: it is damaged".formatted(file, expected.bytes(), length));
        }
        try (InputStream in = expected.check(fs.open(file))) {
            return ByteChunks.read(in, length);
        } catch (IOException e) {
            throw new IOException("%s: %s".formatted(file, e.getMessage()), e);
        }
    }
}
