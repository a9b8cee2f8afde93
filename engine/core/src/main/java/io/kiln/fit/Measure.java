package io.kiln.fit;

import io.kiln.metric.Metric;
import io.kiln.ndarray.NDArray;
import io.kiln.nn.loss.Loss;
import java.util.Arrays;

/** The mean loss and the metrics of many batches, by the weights of what counts in them. */
final class Measure {
    private static final String NAN = "samples with NaN predictions";

    private final Loss loss;
    private final Metric[] metrics;
    private final boolean weighted;
    private double sum;
    private double weight;
    private long samples;

    /**
     * The arrays of a batch.
     *
     * @param inputs the network's inputs
     * @param labels the labels
     * @param weights what samples or labels count; null when all count 1
     */
    record Batch(NDArray[] inputs, NDArray labels, NDArray weights) {
        int samples() {
            return Math.toIntExact(inputs[0].shape().dim(0));
        }
    }

    Measure(Loss loss, Metric[] metrics, boolean weighted) {
        this.loss = loss;
        this.metrics = metrics;
        this.weighted = weighted;
        for (Metric m : metrics) {
            m.reset();
        }
    }

    Batch split(String who, NDArray... arrays) {
        int behind = weighted ? 2 : 1;
        if (arrays.length <= behind) {
            throw new IllegalArgumentException(
                    "%s: a batch must be the network's inputs and the labels%s, got %d arrays"
                            .formatted(who, weighted ? " and weights" : "", arrays.length));
        }
        int inputs = arrays.length - behind;
        return new Batch(Arrays.copyOf(arrays, inputs), arrays[inputs], weighted ? arrays[inputs + 1] : null);
    }

    /** Whether the mean of a batch has another denominator than the number of its samples. */
    boolean hasWeights(NDArray predictions, Batch batch) {
        return batch.weights != null || loss.weights(predictions.shape(), batch.labels) != null;
    }

    /** Weighted sum of the losses of a batch, and the sum of weights. */
    NDArray[] sums(NDArray predictions, Batch batch) {
        return batch.weights == null
                ? loss.sums(predictions, batch.labels)
                : loss.sums(predictions, batch.labels, batch.weights);
    }

    /** What metrics look at: on its way to the host, so that one wait is enough for all that is read of a batch. */
    record Seen(NDArray predictions, NDArray labels, NDArray counts) {}

    /** Has the arrays brought that metrics will look at. */
    Seen look(NDArray predictions, Batch batch) {
        if (metrics.length == 0) {
            return null;
        }
        NDArray mask = loss.mask(predictions.shape(), batch.labels);
        NDArray counts = mask == null ? batch.weights : batch.weights == null ? mask : both(mask, batch.weights);
        return new Seen(predictions.prefetch(), batch.labels.prefetch(), counts == null ? null : counts.prefetch());
    }

    /** Takes a batch in. */
    void add(double mean, double weightOfBatch, Seen seen, Batch batch) {
        samples += batch.samples();
        if (weightOfBatch > 0) {
            sum += mean * weightOfBatch;
            weight += weightOfBatch;
            for (Metric m : metrics) {
                m.update(seen.predictions, seen.labels, seen.counts);
            }
        }
    }

    private static NDArray both(NDArray mask, NDArray weights) {
        NDArray w = weights;
        while (w.shape().rank() > mask.shape().rank()) {
            w = w.squeeze(-1);
        }
        while (w.shape().rank() < mask.shape().rank()) {
            w = w.expandDims(-1);
        }
        return mask.mul(w.cast(mask.dtype()));
    }

    /** Puts what came out among the values of the epoch. */
    void report(String who, String prefix, FitProgress progress) {
        if (samples == 0) {
            throw new IllegalArgumentException(who + " has no batch; look at the loader");
        }
        if (weight == 0) {
            throw new IllegalArgumentException(who + ": nothing counts in its " + samples
                    + " samples: all weights are 0, or all labels are ignored");
        }
        progress.put(prefix + Fit.LOSS, sum / weight);
        long nan = 0;
        for (Metric m : metrics) {
            progress.put(prefix + m.name(), m.value());
            nan = Math.max(nan, m.nanSamples());
        }
        if (nan > 0) {
            progress.put(prefix + NAN, nan);
        }
    }
}
