package io.kiln.spark.job;

import java.io.Serializable;

/**
 * What a model comes from, beside its Params.
 *
 * @param kiln version of Kiln; "unpackaged" when its classes were not read from a jar
 * @param spark version of Spark
 * @param java version of the driver's JVM
 * @param fitted when the fit began, in UTC
 * @param trainingRows rows that were trained on
 * @param validationRows rows that judged the epochs
 * @param dataFingerprint differs when the rows, or how they were packed, differ
 * @param seed seed of all random numbers
 * @param batchSize rows of a step, of all workers together
 * @param maxEpochs epochs at most
 * @param workers tasks that trained
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

    /** The version of the jar that this class comes from. */
    static String version() {
        String v = Provenance.class.getPackage().getImplementationVersion();
        return v == null ? UNPACKAGED : v;
    }
}
