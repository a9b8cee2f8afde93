package io.kiln.spark.job;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.spark.feed.Batch;
import java.io.Serializable;
import java.util.List;

/** What training minimizes: losses of a network's outputs. */
interface Goal extends Serializable {
    /** In place of the index of an output: all of them together. */
    int ALL = -1;

    /** The number of arrays that {@link #targets} returns. */
    int targetCount();

    /** The targets of a batch in the form that the losses expect. */
    NDArray[] targets(Batch batch);

    /** Targets of a single row, of any value. */
    NDArray[] zeroTargets();

    /**
     * The loss of each row and, of outputs that have {@linkplain #outputs names}, the loss of each; traced.
     *
     * @param outputs the network's outputs, float32
     * @param targets the result of {@link #targets}
     * @return arrays of shape [rows]: the loss that training minimizes, then those of the outputs
     */
    List<NDArray> each(NDArray[] outputs, NDArray... targets);

    /**
     * The weight of each row in the denominator of the mean loss, besides its own.
     *
     * @param targets the result of {@link #targets}
     * @param classes the number of classes; 0 for none
     * @return one number per row; null if all are 1
     */
    double[] counts(NDArray[] targets, int classes);

    /** The factor that converts the losses to the targets' own unit. */
    double lossUnit();

    /** The outputs whose losses are reported each for itself; empty for the only output of a network that needs no name. */
    default List<String> outputs() {
        return List.of();
    }

    /**
     * The metrics that are reported besides the losses, at most one for each output: the one that is asked for, and the
     * usual ones of others.
     *
     * @param asked what is asked for
     * @param classes the number of classes; 0 for none
     * @throws IllegalArgumentException if that metric does not fit
     */
    List<Measure> measures(ValidationMetric.Asked asked, int classes);

    /**
     * The output that decides when training stops early, by its loss or its metric.
     *
     * @param asked what is asked for
     * @return its index; {@link #ALL} if that is the loss that training minimizes
     * @throws IllegalArgumentException if there is no such output
     */
    default int followed(ValidationMetric.Asked asked) {
        if (!asked.output().isEmpty()) {
            throw new IllegalArgumentException(
                    "validationMetric: %s names an output, but this network has only one, without a name; give %s alone"
                            .formatted(asked, asked.metric()));
        }
        return asked.isLoss() ? ALL : 0;
    }

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
