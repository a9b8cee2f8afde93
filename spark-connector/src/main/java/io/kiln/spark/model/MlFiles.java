package io.kiln.spark.model;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.function.Function;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.ml.param.Params;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWriter;
import org.apache.spark.sql.SparkSession;
import scala.Option;

/** MLlib's own form of Params on disk, which Scala code outside Spark cannot see. */
public final class MlFiles {
    /** Networks in Params need about ten levels; Spark's reader calls itself for each level and overflows the stack somewhere. */
    private static final int MAX_DEPTH = 200;

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_DEPTH)
                    .maxStringLength(Integer.MAX_VALUE)
                    .build())
            .build();

    private MlFiles() {}

    /**
     * Saves class, uid and Params.
     *
     * @param stage the stage
     * @param path its directory
     * @param session the session
     */
    public static void write(Params stage, String path, SparkSession session) {
        DefaultParamsWriter.saveMetadata(stage, path, session);
    }

    /**
     * Reads what {@link #write} saved.
     *
     * @param <M> the stage's type
     * @param path the stage's directory
     * @param session the session
     * @param className expected class of the stage
     * @param make makes the stage from its uid
     * @return the stage with its Params
     * @throws IllegalArgumentException when the metadata are damaged
     */
    public static <M extends Params> M read(
            String path, SparkSession session, String className, Function<String, M> make) {
        checkDepth(path, session);
        var metadata = DefaultParamsReader.loadMetadata(path, session, className);
        M stage = make.apply(metadata.uid());
        metadata.getAndSetParams(stage, Option.empty());
        return stage;
    }

    private static void checkDepth(String path, SparkSession session) {
        Path metadata = new Path(path, "metadata");
        try {
            FileSystem fs = metadata.getFileSystem(session.sparkContext().hadoopConfiguration());
            for (FileStatus f : fs.listStatus(metadata)) {
                if (f.getPath().getName().startsWith("part-")) {
                    try (InputStream in = fs.open(f.getPath());
                            JsonParser parser = FACTORY.createParser(in)) {
                        while (parser.nextToken() != null) { // the parser counts levels
                            parser.skipChildren();
                        }
                    }
                }
            }
        } catch (FileNotFoundException e) {
            throw new IllegalArgumentException(
                    "load: %s holds nothing that MLlib saved: %s".formatted(path, e.getMessage()), e);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(
                    "load: %s is damaged: %s".formatted(metadata, e.getOriginalMessage()), e);
        } catch (IOException e) {
            throw new UncheckedIOException("load: %s: %s".formatted(metadata, e.getMessage()), e);
        }
    }
}
