package io.kiln.spark.job;

import java.io.Serializable;

/**
 * Where a model comes from, in addition to its Params.
 *
 * @param kiln version of Kiln; "unpackaged" if its classes were not read from a jar
 * @param spark version of Spark
 * @param java version of the driver's JVM
 * @param fitted when the fit began, in UTC
 * @param trainingRows number of training rows
 * @param validationRows number of validation rows
 * @param dataFingerprint a hash of the rows and of how they were packed
 * @param seed seed of all random numbers
 * @param batchSize rows of a step, of all workers together
 * @param maxEpochs maximum number of epochs
 * @param workers number of tasks that trained
 * @param coresPerWorker cores of each
 * @param update optimizer, learning rates and bounds, as JSON
 */
public record Provenance(
        String kiln,
        String spark,
        String java,
        String fitted,
        long trainingRows,
        long validationRows,
        String dataFingerprint,
        long seed,
        int batchSize,
        int maxEpochs,
        int workers,
        int coresPerWorker,
        String update)
        implements Serializable {
    private static final String UNPACKAGED = "unpackaged";

    /** The version of the jar that contains this class. */
    static String version() {
        String v = Provenance.class.getPackage().getImplementationVersion();
        return v == null ? UNPACKAGED : v;
    }
}
