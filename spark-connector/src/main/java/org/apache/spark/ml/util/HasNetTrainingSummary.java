package org.apache.spark.ml.util;

import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * MLlib's trait for models with a summary, which Spark Connect clients can access. MLlib hides it from Scala code outside
 * Spark.
 *
 * <p>From Spark 4.1 on, Connect's server moves models to disk and back. A network's files already contain its summary. The
 * methods for this do not exist in Spark 4.0, and so cannot be marked as overriding.
 *
 * @param <T> the summary
 */
public interface HasNetTrainingSummary<T> extends HasTrainingSummary<T> {
    /**
     * Does nothing.
     *
     * @param path where a summary of MLlib is saved
     */
    default void saveSummary(String path) {}

    /**
     * Does nothing.
     *
     * @param path where a summary of MLlib is saved
     * @param dataset the rows that it was made from
     */
    default void loadSummary(String path, Dataset<Row> dataset) {}
}
