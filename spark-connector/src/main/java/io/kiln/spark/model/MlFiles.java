package io.kiln.spark.model;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeType;
import java.io.BufferedReader;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.apache.hadoop.fs.ChecksumException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.ml.param.Params;
import org.apache.spark.sql.SparkSession;
import scala.Option;

/** MLlib's own file format of Params, which is hidden from Scala code outside Spark. */
public final class MlFiles {
    /**
     * Networks in Params need about ten levels; Spark's reader recurses for each level and would overflow the stack.
     */
    private static final int MAX_DEPTH = 200;

    private static final ObjectMapper MAPPER = new ObjectMapper(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(MAX_DEPTH)
                            .maxStringLength(Integer.MAX_VALUE)
                            .build())
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private static final Map<String, JsonNodeType> FIELDS = new TreeMap<>(Map.of(
            "class", JsonNodeType.STRING,
            "uid", JsonNodeType.STRING,
            "timestamp", JsonNodeType.NUMBER,
            "sparkVersion", JsonNodeType.STRING,
            "paramMap", JsonNodeType.OBJECT));

    private MlFiles() {}

    /**
     * Saves class, uid and Params.
     *
     * @param stage the stage
     * @param path its directory
     * @param session the session
     */
    public static void write(Params stage, String path, SparkSession session) {
        Metadata.save(stage, path, session);
    }

    /**
     * Reads a stage saved by {@link #write}.
     *
     * @param <M> the stage's type
     * @param path the stage's directory
     * @param session the session
     * @param className expected class of the stage
     * @param make creates the stage from its uid
     * @return the stage with its Params
     * @throws IllegalArgumentException if the metadata are damaged
     */
    public static <M extends Params> M read(
            String path, SparkSession session, String className, Function<String, M> make) {
        Path metadata = new Path(path, "metadata");
        check(metadata, className, session);
        var saved = Metadata.load(path, session, className);
        M stage = make.apply(saved.uid());
        try {
            saved.getAndSetParams(stage, Option.empty());
        } catch (Exception e) { // a Param may throw anything on an unexpected value
            throw damaged(metadata, "a Param cannot be read: " + e.getMessage(), e);
        }
        return stage;
    }

    /** Checks everything that Spark's reader takes for granted. */
    private static void check(Path metadata, String className, SparkSession session) {
        JsonNode json;
        try {
            json = read(metadata, metadata.getFileSystem(session.sparkContext().hadoopConfiguration()));
        } catch (FileNotFoundException e) {
            throw new IllegalArgumentException(
                    "load: %s was not saved by MLlib: %s; use the directory that was passed to save"
                            .formatted(metadata.getParent(), e.getMessage()),
                    e);
        } catch (JsonProcessingException e) {
            throw damaged(metadata, "it is not complete JSON: " + e.getOriginalMessage(), e);
        } catch (ChecksumException e) {
            throw damaged(metadata, "its checksum differs: " + e.getMessage(), e);
        } catch (IOException e) {
            throw new UncheckedIOException("load: %s: %s".formatted(metadata, e.getMessage()), e);
        }
        if (json == null) {
            throw damaged(metadata, "it has no text in a file part-…", null);
        }
        for (Map.Entry<String, JsonNodeType> field : FIELDS.entrySet()) {
            JsonNode value = json.path(field.getKey());
            if (value.getNodeType() != field.getValue()) {
                throw damaged(
                        metadata,
                        "its field \"%s\" must be a JSON %s, got %s"
                                .formatted(
                                        field.getKey(),
                                        field.getValue().name().toLowerCase(Locale.ROOT),
                                        value.isMissingNode() ? "none" : value),
                        null);
            }
        }
        String found = json.get("class").textValue();
        if (!found.equals(className)) {
            throw new IllegalArgumentException(
                    "load: %s holds %s, not %s; load it with that class, or with PipelineModel if it is a pipeline"
                            .formatted(metadata.getParent(), found, className));
        }
    }

    /** Reads what Spark reads: the first line of the first non-empty file. */
    private static JsonNode read(Path metadata, FileSystem fs) throws IOException {
        FileStatus[] files = fs.listStatus(metadata, p -> p.getName().startsWith("part-"));
        Arrays.sort(files);
        for (FileStatus f : files) {
            try (BufferedReader lines =
                    new BufferedReader(new InputStreamReader(fs.open(f.getPath()), StandardCharsets.UTF_8))) {
                String line = lines.readLine();
                if (line != null) {
                    return MAPPER.readTree(line);
                }
            }
        }
        return null;
    }

    private static IllegalArgumentException damaged(Path metadata, String what, Exception cause) {
        return new IllegalArgumentException(
                "load: %s is damaged: %s; restore it from a copy or save the stage again".formatted(metadata, what),
                cause);
    }
}
