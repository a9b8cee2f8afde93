package io.kiln.fit;

import io.kiln.autograd.Autograd;
import io.kiln.data.DataLoader;
import io.kiln.metric.Metric;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import java.util.Arrays;

/**
 * Measures other data in predict mode: at the end of every epoch, or every so many, it adds {@code validation loss} and
 * {@code validation <metric>} to the values of the epoch.
 */
public final class Validation implements FitHandler {
    private static final String PREFIX = "validation ";

    private final DataLoader<?> batches;
    private final Metric[] metrics;
    private int period = 1;

    /**
     * Measures at the end of every epoch.
     *
     * @param batches the data; its epoch 0 is taken each time
     * @param metrics what to measure beside the loss
     */
    public Validation(DataLoader<?> batches, Metric... metrics) {
        this.batches = batches;
        this.metrics = metrics.clone();
    }

    /**
     * Measures every so many epochs, beginning with the first.
     *
     * @param epochs how many, at least 1
     * @return this
     */
    public Validation every(int epochs) {
        if (epochs < 1) {
            throw new IllegalArgumentException("validation: every must be at least 1 epoch, got " + epochs);
        }
        period = epochs;
        return this;
    }

    @Override
    public void epochEnd(FitProgress progress) {
        if (progress.epoch() % period != 0) {
            return;
        }
        for (Metric m : metrics) {
            m.reset();
        }
        double sum = 0;
        long samples = 0;
        try (DataLoader<?>.Epoch epoch = batches.epoch(0);
                Autograd.Mode predict = Autograd.pause()) {
            while (epoch.hasNext()) {
                try (Scope scope = Scope.open()) {
                    NDArray[] arrays = epoch.next();
                    NDArray labels = arrays[arrays.length - 1];
                    NDArray y = Fit.inFloats(progress.network().callAll(Arrays.copyOf(arrays, arrays.length - 1))[0]);
                    long n = arrays[0].shape().dim(0);
                    sum += progress.loss().mean(y, labels).item() * n;
                    samples += n;
                    for (Metric m : metrics) {
                        m.update(y, labels);
                    }
                }
            }
        }
        progress.put(PREFIX + Fit.LOSS, sum / samples);
        for (Metric m : metrics) {
            progress.put(PREFIX + m.name(), m.value());
        }
    }
}
