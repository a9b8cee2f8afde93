package io.kiln.metric;

import io.kiln.ndarray.NDArray;
import java.util.function.ToDoubleBiFunction;

/**
 * A metric from a function of predictions and labels that gives the mean over the samples of one batch; over several
 * batches the mean is weighted with their sizes, axis 0 of the labels.
 */
public final class CustomMetric extends Metric {
    private final boolean largerIsBetter;
    private final ToDoubleBiFunction<NDArray, NDArray> batchMean;

    /**
     * Creates the metric.
     *
     * @param name its name, for people
     * @param largerIsBetter whether a larger value is better
     * @param batchMean from predictions and labels of a batch to the mean over its samples
     */
    public CustomMetric(String name, boolean largerIsBetter, ToDoubleBiFunction<NDArray, NDArray> batchMean) {
        super(name, 2);
        this.largerIsBetter = largerIsBetter;
        this.batchMean = batchMean;
    }

    @Override
    protected void observe(NDArray predictions, NDArray labels, NDArray weights) {
        if (weights != null) {
            throw new IllegalArgumentException(name()
                    + ": a custom metric takes no weights; leave masked samples out, or write a subclass of Metric");
        }
        long samples = labels.shape().rank() == 0 ? 1 : labels.shape().dim(0);
        if (samples > 0) {
            add(0, samples * batchMean.applyAsDouble(predictions, labels));
            add(1, samples);
        }
    }

    @Override
    public double value() {
        return at(0) / at(1);
    }

    @Override
    public boolean isLargerBetter() {
        return largerIsBetter;
    }
}
