package io.kiln.spark.job;

import io.kiln.ndarray.NDArray;
import io.kiln.spark.feed.Batch;
import java.io.Serializable;

/** What training minimizes: losses of a network's outputs. */
interface Goal extends Serializable {
    /** The number of arrays that {@link #targets} returns. */
    int targetCount();

    /** The targets of a batch in the form that the losses expect. */
    NDArray[] targets(Batch batch);

    /** Targets of a single row, of any value. */
    NDArray[] zeroTargets();

    /**
     * The loss of each row; traced.
     *
     * @param outputs the network's outputs, float32
     * @param targets the result of {@link #targets}
     * @return shape [rows]
     */
    NDArray each(NDArray[] outputs, NDArray... targets);

    /**
     * The weight of each row in the denominator of the mean loss, besides its own.
     *
     * @param targets the result of {@link #targets}
     * @param classes the number of classes; 0 for none
     * @return one number per row; null if all are 1
     */
    double[] counts(NDArray[] targets, int classes);

    /** The factor that converts the loss to the targets' own unit. */
    double lossUnit();

    /** The metric that is reported besides the loss, of the first output; null for none. */
    ValidationMetric reported(String validationMetric, int classes);

    /** The outputs in the form that the metric expects. */
    NDArray metricOutputs(NDArray outputs, int rows, int classes);

    /** The targets in the form that the metric expects. */
    NDArray metricTargets(Batch batch);
}
