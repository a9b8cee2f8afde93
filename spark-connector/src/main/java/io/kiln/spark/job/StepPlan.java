package io.kiln.spark.job;

import io.kiln.spark.feed.BatchRows;
import io.kiln.spark.feed.Draws;
import io.kiln.spark.feed.EpochOrder;
import io.kiln.spark.feed.WorkerRows;
import java.util.Iterator;
import java.util.NoSuchElementException;

/** A worker's rows for every step, from a given step to the end of the last epoch. */
final class StepPlan implements Iterator<BatchRows> {
    private final WorkerRows rows;
    private final RunSettings.Epochs settings;
    private EpochOrder order;
    private int epoch;
    private int step;

    StepPlan(WorkerRows rows, RunSettings.Epochs settings, int epoch, int step) {
        this.rows = rows;
        this.settings = settings;
        this.epoch = epoch;
        this.step = step;
    }

    @Override
    public boolean hasNext() {
        return epoch < settings.maxEpochs();
    }

    @Override
    public BatchRows next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        if (order == null) {
            order = rows.order(settings.batchSize(), settings.seed(), epoch, settings.shuffle());
        }
        int[] batch = new int[order.size(step)];
        for (int i = 0; i < batch.length; i++) {
            batch[i] = order.row(step, i);
        }
        Draws draws = rows.draws(settings.seed(), epoch);
        if (++step == order.steps()) {
            epoch++;
            step = 0;
            order = null;
        }
        return new BatchRows(batch, draws);
    }
}
