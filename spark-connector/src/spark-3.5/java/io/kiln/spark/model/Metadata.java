package io.kiln.spark.model;

import org.apache.spark.ml.param.Params;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWriter;
import org.apache.spark.sql.SparkSession;
import scala.Option;

/** MLlib's own writer and reader of Params. In Spark 3.5 they take a Spark context. */
final class Metadata {
    private Metadata() {}

    static void save(Params stage, String path, SparkSession session) {
        DefaultParamsWriter.saveMetadata(stage, path, session.sparkContext(), Option.empty(), Option.empty());
    }

    static DefaultParamsReader.Metadata load(String path, SparkSession session, String className) {
        return DefaultParamsReader.loadMetadata(path, session.sparkContext(), className);
    }
}
