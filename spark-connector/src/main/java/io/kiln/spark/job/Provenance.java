package io.kiln.spark.job;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.io.Serializable;

/**
 * Where a model comes from, in addition to its Params. In JSON the components of its parts stand side by side.
 *
 * @param versions versions of the software
 * @param fitted when the fit began, in UTC
 * @param data the rows
 * @param settings the settings in use, including those that the fit chose
 */
public record Provenance(
        @JsonUnwrapped Versions versions, String fitted, @JsonUnwrapped Data data, @JsonUnwrapped Settings settings)
        implements Serializable {
    private static final String UNPACKAGED = "unpackaged";

    /**
     * Versions of the software that trained a model.
     *
     * @param kiln version of Kiln; "unpackaged" if its classes were not read from a jar
     * @param spark version of Spark
     * @param java version of the driver's JVM
     */
    public record Versions(String kiln, String spark, String java) implements Serializable {
        static Versions here(String spark) {
            String v = Provenance.class.getPackage().getImplementationVersion();
            return new Versions(
                    v == null ? UNPACKAGED : v, spark, Runtime.version().toString());
        }
    }

    /**
     * The rows of a fit.
     *
     * @param trainingRows number of training rows
     * @param validationRows number of validation rows
     * @param dataFingerprint a hash of the rows and of how they were packed
     */
    public record Data(long trainingRows, long validationRows, String dataFingerprint) implements Serializable {}

    /**
     * The settings of a fit.
     *
     * @param seed seed of all random numbers
     * @param batchSize rows of a step, of all workers together
     * @param maxEpochs maximum number of epochs
     * @param workers number of tasks that trained
     * @param coresPerWorker cores of each
     * @param update optimizer, learning rates and bounds, as JSON
     */
    public record Settings(long seed, int batchSize, int maxEpochs, int workers, int coresPerWorker, String update)
            implements Serializable {}
}
