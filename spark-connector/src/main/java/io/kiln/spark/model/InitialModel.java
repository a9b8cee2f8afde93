package io.kiln.spark.model;

import io.kiln.format.ByteChunks;
import io.kiln.format.SafeTensors;
import io.kiln.graph.Graph;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Weights with which a training begins: those of a trained model, of a saved one, or of a safetensors file.
 *
 * @param source where they are from, for messages
 * @param network the model's network; empty if only weights are known
 * @param weights safetensors of them
 */
public record InitialModel(String source, Optional<TrainedNetwork> network, ByteChunks weights) {
    private static final String FILE_ENDING = ".safetensors";
    private static final String INLINE = "data:";
    private static final long MOST_INLINE = 1L << 30;

    /**
     * The weights of a trained model.
     *
     * @param network its network
     * @return the initial model
     */
    public static InitialModel of(TrainedNetwork network) {
        return new InitialModel("the given model", Optional.of(network), network.weightChunks());
    }

    /**
     * Reads weights.
     *
     * @param path directory of a model that Kiln saved, or a file {@code ….safetensors}; or the result of
     *     {@link #inline}
     * @param configuration of the file systems
     * @return the initial model
     * @throws IllegalArgumentException if there is no such model, or it is damaged
     */
    public static InitialModel read(String path, Configuration configuration) {
        if (path.startsWith(INLINE)) {
            return inlined(path);
        }
        if (!path.endsWith(FILE_ENDING)) {
            TrainedNetwork network = ModelFiles.read(path, configuration).network();
            return new InitialModel(path, Optional.of(network), network.weightChunks());
        }
        try {
            Path file = new Path(path);
            FileSystem fs = file.getFileSystem(configuration);
            try (FSDataInputStream in = fs.open(file)) {
                return new InitialModel(
                        path,
                        Optional.empty(),
                        ByteChunks.read(in, fs.getFileStatus(file).getLen()));
            }
        } catch (FileNotFoundException e) {
            throw new IllegalArgumentException(
                    "initialModel: there is no file %s; give the path of a saved model or of a safetensors file"
                            .formatted(path),
                    e);
        } catch (IOException e) {
            throw new UncheckedIOException("initialModel: %s: %s".formatted(path, e.getMessage()), e);
        }
    }

    private static InitialModel inlined(String text) {
        String[] parts = text.substring(INLINE.length()).split("[;,]", 3);
        try {
            String graph = new String(Base64.getDecoder().decode(parts[1]), StandardCharsets.UTF_8);
            ByteChunks weights = ByteChunks.of(Base64.getDecoder().decode(parts[2]));
            return of(new TrainedNetwork(graph, weights, Double.parseDouble(parts[0])));
        } catch (ArrayIndexOutOfBoundsException | IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "initialModel: the network that was saved with the estimator is damaged (%s); save the estimator anew"
                            .formatted(e.getMessage()),
                    e);
        }
    }

    /**
     * A model's network as text, for an estimator that is saved.
     *
     * @param network the network
     * @return text that {@link #read} reads
     * @throws IllegalStateException if it has more than 1 GiB of weights
     */
    public static String inline(TrainedNetwork network) {
        ByteChunks weights = network.weightChunks();
        if (weights.length() > MOST_INLINE) {
            throw new IllegalStateException(
                    "initialModel: an estimator is saved with at most %d MiB of weights, this model has %d; save the model and set its path"
                            .formatted(MOST_INLINE >> 20, weights.length() >> 20));
        }
        Base64.Encoder base64 = Base64.getEncoder();
        byte[] graph = network.graphJson().getBytes(StandardCharsets.UTF_8);
        return INLINE + network.inputScale() + ";" + base64.encodeToString(graph) + ","
                + base64.encodeToString(weights.toByteArray());
    }

    /**
     * The weights that a network takes over, in the dtypes of its parameters.
     *
     * @param graph the network
     * @param values safetensors of values that the network has already; weights take their place
     * @param redrawn parameters that keep their own initial values
     * @return safetensors of all of these
     * @throws IllegalArgumentException if a parameter is missing or of another shape, and not among those redrawn
     */
    ByteChunks applied(Graph graph, ByteChunks values, NamePatterns redrawn) {
        try (Scope scope = Scope.open()) {
            Map<String, NDArray> given = SafeTensors.read(weights).tensors();
            Map<String, NDArray> all = new LinkedHashMap<>();
            if (!values.isEmpty()) {
                all.putAll(SafeTensors.read(values).tensors());
            }
            for (Graph.ParameterInfo p : graph.parameters()) {
                NDArray value = given.get(p.name());
                if (redrawn.match(p.name()) || value == null && p.initializer().isEmpty()) {
                    continue; // a constant of the network itself, such as a mask
                }
                if (value == null) {
                    throw new IllegalArgumentException(
                            "initialModel: %s has no parameter %s, only %s; name it in reinitialized to draw it anew"
                                    .formatted(source, p.name(), NamePatterns.shown(given.keySet())));
                }
                if (!value.shape().equals(p.spec().shape())
                        || value.dtype().isFloating() != p.spec().dtype().isFloating()) {
                    throw new IllegalArgumentException(
                            "initialModel: parameter %s of %s is %s, the network needs %s; name it in reinitialized to draw it anew"
                                    .formatted(p.name(), source, value.spec(), p.spec()));
                }
                all.put(p.name(), value.cast(p.spec().dtype()));
            }
            return SafeTensors.toChunks(all, Map.of());
        } catch (IOException e) {
            throw new IllegalArgumentException("initialModel: %s: %s".formatted(source, e.getMessage()), e);
        }
    }
}
