package io.kiln.spark.report;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import com.fasterxml.jackson.databind.util.StdConverter;
import java.io.Serializable;

/**
 * Where a model comes from, in addition to its Params. In JSON the components of its parts stand side by side.
 *
 * @param versions versions of the software
 * @param fitted when the fit began, in UTC
 * @param data the rows
 * @param settings the settings in use, including those that the fit chose
 */
@JsonDeserialize(converter = Provenance.Reader.class)
public record Provenance(
        @JsonUnwrapped Versions versions, String fitted, @JsonUnwrapped Data data, @JsonUnwrapped Settings settings)
        implements Serializable {
    /**
     * The components of JSON side by side. Before 2.19, which is newer than the Jackson of Spark 4.0 and 3.5, it cannot give
     * unwrapped parts to a constructor.
     */
    record Flat(
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
            String update) {}

    /** Puts the components into their parts. */
    static final class Reader extends StdConverter<Flat, Provenance> {
        @Override
        public Provenance convert(Flat f) {
            return new Provenance(
                    new Versions(f.kiln, f.spark, f.java),
                    f.fitted,
                    new Data(f.trainingRows, f.validationRows, f.dataFingerprint),
                    new Settings(f.seed, f.batchSize, f.maxEpochs, f.workers, f.coresPerWorker, f.update));
        }
    }

    /**
     * Versions of the software that trained a model.
     *
     * @param kiln version of Kiln; "unpackaged" if its classes were not read from a jar
     * @param spark version of Spark
     * @param java version of the driver's JVM
     */
    public record Versions(String kiln, String spark, String java) implements Serializable {}

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
