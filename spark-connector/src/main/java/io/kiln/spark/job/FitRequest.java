package io.kiln.spark.job;

import io.kiln.optim.UpdateRule;
import io.kiln.spark.report.EpochListener;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.types.StructType;

/**
 * An estimator's request to a training job.
 *
 * @param uid the estimator's uid, for messages and checkpoints
 * @param work what to train, and on which columns
 * @param rule how weights are updated
 * @param run how the job is run
 * @param listener follows the epochs on the driver
 * @param params the estimator's Params by name, as JSON, for observers of the fit
 */
public record FitRequest(
        String uid, Work work, UpdateRule rule, RunSettings run, EpochListener listener, Map<String, String> params) {
    /** This request with texts that have been counted. */
    FitRequest with(Map<String, List<String>> vocabularies) {
        return new FitRequest(uid, work.with(vocabularies), rule, run, listener, params);
    }

    /**
     * Checks everything that can be checked without data.
     *
     * @param schema the DataFrame's schema
     * @throws IllegalArgumentException if network, columns and Params do not fit together
     */
    public void check(StructType schema) {
        work.check(uid, schema, run.epochs().stopping().asked());
    }
}
