package io.kiln.spark.model;

import java.util.function.Function;
import org.apache.spark.ml.param.Params;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWriter;
import org.apache.spark.sql.SparkSession;
import scala.Option;

/** MLlib's own form of Params on disk, which Scala code outside Spark cannot see. */
public final class MlFiles {
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
     */
    public static <M extends Params> M read(
            String path, SparkSession session, String className, Function<String, M> make) {
        var metadata = DefaultParamsReader.loadMetadata(path, session, className);
        M stage = make.apply(metadata.uid());
        metadata.getAndSetParams(stage, Option.empty());
        return stage;
    }
}
