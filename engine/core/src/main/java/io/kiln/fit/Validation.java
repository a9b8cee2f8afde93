package io.kiln.fit;

import io.kiln.autograd.Autograd;
import io.kiln.data.DataLoader;
import io.kiln.metric.Metric;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;

/**
 * Measures other data in predict mode: at the end of every epoch, or every so many, it adds {@code validation loss} and
 * {@code validation <metric>} to the values of the epoch.
 */
public final class Validation implements FitHandler {
    private static final String PREFIX = "validation ";

    private final DataLoader<?> batches;
    private final Metric[] metrics;
    private int period = 1;
    private boolean weighted;

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

    /**
     * Takes batches whose last array, behind the labels, are weights, as {@link Fit#weighted}.
     *
     * @return this
     */
    public Validation weighted() {
        weighted = true;
        return this;
    }

    /**
     * Measures.
     *
     * @throws IllegalArgumentException when the data have no batch, or nothing in them counts
     */
    @Override
    public void epochEnd(FitProgress progress) {
        if (progress.epoch() % period != 0) {
            return;
        }
        Measure measure = new Measure(progress.loss(), metrics, weighted);
        try (DataLoader<?>.Epoch epoch = batches.epoch(0);
                Autograd.Mode predict = Autograd.pause()) {
            while (epoch.hasNext()) {
                try (Scope scope = Scope.open()) {
                    Measure.Batch batch = measure.split("validation", epoch.next());
                    NDArray y = Fit.inFloats(progress.network().callAll(batch.inputs())[0]);
                    Measure.Seen seen = measure.look(y, batch);
                    if (measure.hasWeights(y, batch)) {
                        NDArray[] sums = measure.sums(y, batch);
                        NDArray sum = sums[0].prefetch();
                        double weight = sums[1].item();
                        measure.add(sum.item() / weight, weight, seen, batch);
                    } else {
                        measure.add(progress.loss().mean(y, batch.labels()).item(), batch.samples(), seen, batch);
                    }
                }
            }
        }
        measure.report("validation", PREFIX, progress);
    }
}
