package io.kiln.spark.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * A trained network on disk, beside MLlib's {@code metadata}: {@code kiln.json} (format version and what a model needs to
 * know), {@code graph.json} and {@code weights.safetensors}.
 */
public final class ModelFiles {
    private static final int FORMAT = 1;
    private static final int MAX_TEXT_BYTES = 256 << 20;
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private ModelFiles() {}

    /**
     * A network as it was saved.
     *
     * @param network the network
     * @param facts what was saved beside it
     */
    public record Saved(TrainedNetwork network, JsonNode facts) {}

    /**
     * Saves a network.
     *
     * @param path the model's directory
     * @param configuration of the file system
     * @param network the network
     * @param facts adds what the model needs besides
     */
    public static void write(
            String path, Configuration configuration, TrainedNetwork network, Consumer<ObjectNode> facts) {
        ObjectNode json = MAPPER.createObjectNode();
        json.put("format", FORMAT);
        json.put("scale", network.scale());
        facts.accept(json);
        try {
            Path dir = new Path(path);
            FileSystem fs = dir.getFileSystem(configuration);
            write(fs, new Path(dir, "graph.json"), network.graphJson().getBytes(StandardCharsets.UTF_8));
            write(fs, new Path(dir, "weights.safetensors"), network.weights());
            write(fs, new Path(dir, "kiln.json"), MAPPER.writeValueAsBytes(json));
        } catch (IOException e) {
            throw new UncheckedIOException("save model: %s: %s".formatted(path, e.getMessage()), e);
        }
    }

    private static void write(FileSystem fs, Path file, byte[] bytes) throws IOException {
        try (FSDataOutputStream out = fs.create(file, true)) {
            out.write(bytes);
        }
    }

    /**
     * Reads a network.
     *
     * @param path the model's directory
     * @param configuration of the file system
     * @return the network, and what was saved beside it
     * @throws IllegalArgumentException when a file is damaged or of an unknown version
     */
    public static Saved read(String path, Configuration configuration) {
        try {
            Path dir = new Path(path);
            FileSystem fs = dir.getFileSystem(configuration);
            JsonNode facts = MAPPER.readTree(read(fs, new Path(dir, "kiln.json"), MAX_TEXT_BYTES));
            if (facts.path("format").asInt() != FORMAT) {
                throw new IllegalArgumentException(
                        "load model: %s is of format %s, this version of Kiln reads format %d; load it with a newer Kiln"
                                .formatted(path, facts.path("format"), FORMAT));
            }
            String graph = new String(read(fs, new Path(dir, "graph.json"), MAX_TEXT_BYTES), StandardCharsets.UTF_8);
            byte[] weights = read(fs, new Path(dir, "weights.safetensors"), Integer.MAX_VALUE - 8);
            return new Saved(
                    new TrainedNetwork(graph, weights, facts.path("scale").asDouble(1)), facts);
        } catch (FileNotFoundException e) {
            throw new IllegalArgumentException(
                    "load model: %s is no model saved by Kiln: %s".formatted(path, e.getMessage()), e);
        } catch (IOException e) {
            throw new UncheckedIOException("load model: %s: %s".formatted(path, e.getMessage()), e);
        }
    }

    private static byte[] read(FileSystem fs, Path file, int most) throws IOException {
        FileStatus status = fs.getFileStatus(file);
        if (status.getLen() > most) {
            throw new IllegalArgumentException(
                    "load model: %s has %d bytes, at most %d are read".formatted(file, status.getLen(), most));
        }
        byte[] bytes = new byte[(int) status.getLen()];
        try (FSDataInputStream in = fs.open(file)) {
            in.readFully(0, bytes);
        }
        return bytes;
    }
}
