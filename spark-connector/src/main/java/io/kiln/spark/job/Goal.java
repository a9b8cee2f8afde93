package io.kiln.spark.job;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.spark.feed.Batch;
import java.io.Serializable;
import java.util.List;

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

    /**
     * The losses of the outputs that are trained together, each for itself; empty if there is only one loss.
     *
     * @param outputs the network's outputs, float32
     * @param targets the result of {@link #targets}
     * @return for each output, shape [rows]
     */
    default List<NDArray> eachOutput(NDArray[] outputs, NDArray... targets) {
        return List.of();
    }

    /** The outputs whose losses are reported each for itself; empty if there is only one loss. */
    default List<String> outputs() {
        return List.of();
    }

    /**
     * The metrics that are reported besides the losses, at most one for each output.
     *
     * @param validationMetric the metric that is asked for, or the loss
     * @param classes the number of classes; 0 for none
     * @throws IllegalArgumentException if that metric does not fit
     */
    List<Measure> measures(String validationMetric, int classes);

    /**
     * An output in the form that its metric expects.
     *
     * @param index index of the output
     * @param output the output
     * @param rows number of rows
     * @param classes the number of classes; 0 for none
     */
    NDArray metricOutputs(int index, NDArray output, int rows, int classes);

    /**
     * Targets in the form that the metric expects.
     *
     * @param index index of the output
     * @param batch the batch
     */
    NDArray metricTargets(int index, Batch batch);

    /**
     * Weights for the metric.
     *
     * @param index index of the output
     * @param batch the batch
     * @return weights per row, or per element of sequences; null if all are 1
     */
    default NDArray metricWeights(int index, Batch batch) {
        float[] weights = new float[batch.rows()];
        boolean weighted = false;
        for (int i = 0; i < weights.length; i++) {
            weights[i] = (float) batch.weight(i);
            weighted |= weights[i] != 1;
        }
        return weighted ? NDArray.of(Shape.of(weights.length), weights) : null;
    }
}
