package io.kiln.spark.model;

import org.apache.spark.ml.param.Params;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWriter;
import org.apache.spark.sql.SparkSession;

/** MLlib's own writer and reader of Params. In Spark 4 they take a session. */
final class Metadata {
    private Metadata() {}

    static void save(Params stage, String path, SparkSession session) {
        DefaultParamsWriter.saveMetadata(stage, path, session);
    }

    static DefaultParamsReader.Metadata load(String path, SparkSession session, String className) {
        return DefaultParamsReader.loadMetadata(path, session, className);
    }
}
