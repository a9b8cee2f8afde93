package io.kiln.metric;

import io.kiln.ndarray.NDArray;
import java.util.function.ToDoubleBiFunction;

/**
 * A metric from a function of predictions and labels that returns the mean over the samples of one batch; over several
 * batches the mean is weighted by their sizes, axis 0 of the labels.
 */
public final class CustomMetric extends Metric {
    private final boolean largerIsBetter;
    private final ToDoubleBiFunction<NDArray, NDArray> batchMean;

    /**
     * Creates the metric.
     *
     * @param name its name for display
     * @param largerIsBetter whether a larger value is better
     * @param batchMean computes the mean over the samples of a batch from predictions and labels
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
