package io.kiln.spark.job;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Backend;
import io.kiln.backend.Backends;
import io.kiln.backend.Context;
import io.kiln.backend.Device;
import io.kiln.metric.Metric;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.spark.feed.Batch;
import io.kiln.spark.feed.BatchFeeder;
import io.kiln.spark.feed.BatchRows;
import io.kiln.spark.feed.WorkerRows;
import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.function.BooleanSupplier;

/** Evaluates the network on the validation rows of all workers. */
final class Validator {
    private static final int MIN_BATCH = 32;
    private static final int LARGEST_BATCH = 256;

    private final TrainingPlan plan;
    private final WorkerRows rows;
    private final NetworkReplica network;
    private final WorkerGroup group;
    private final BooleanSupplier killed;
    private final int batch;
    private final int classes;
    private final Metric metric;
    private final Backend host = Backends.get(Device.cpu());

    /**
     * The result.
     *
     * @param loss mean loss; NaN without validation rows
     * @param metric value of the reported metric, or the loss if there is none; NaN without validation rows
     */
    record Result(double loss, double metric) {}

    Validator(
            TrainingPlan plan,
            int classes,
            WorkerRows rows,
            NetworkReplica network,
            WorkerGroup group,
            BooleanSupplier killed) {
        this.plan = plan;
        this.rows = rows;
        this.network = network;
        this.group = group;
        this.killed = killed;
        // About as many rows as in a training step, so that no more memory is needed.
        int share = plan.run().epochs().batchSize() / plan.workers();
        this.batch = Math.max(MIN_BATCH, Math.min(LARGEST_BATCH, share));
        this.classes = classes;
        ValidationMetric reported =
                plan.model().goal().reported(plan.run().epochs().stopping().validationMetric(), classes);
        this.metric = reported == null ? null : reported.create(classes);
    }

    Result run() throws InterruptedException {
        if (!rows.hasValidation()) {
            return new Result(Double.NaN, Double.NaN);
        }
        if (metric != null) {
            metric.reset();
        }
        double[] sums = new double[2];
        if (rows.validation().size() > 0) {
            try (BatchFeeder feeder = new BatchFeeder(
                    rows.validation(),
                    inOrder(rows.validation().size()),
                    plan.model().input().batches(batch),
                    new BatchFeeder.Place(
                            Backends.current().device(), plan.run().cluster().coresPerWorker()),
                    new BatchFeeder.Wait(killed, plan.run().cluster().timeout()))) {
                for (Batch b = feeder.next(); b != null; b = feeder.next()) {
                    judge(b, sums);
                    feeder.recycle(b);
                }
            }
        }
        double[] state = metric == null ? new double[0] : metric.state();
        double[] all = Arrays.copyOf(sums, 2 + state.length);
        System.arraycopy(state, 0, all, 2, state.length);
        all = group.sum(all);
        if (metric == null) {
            return new Result(all[0] / all[1], all[0] / all[1]);
        }
        metric.reset();
        metric.merge(Arrays.copyOfRange(all, 2, all.length));
        return new Result(all[0] / all[1], metric.value());
    }

    private void judge(Batch b, double... sums) {
        try (Scope scope = Scope.open();
                Autograd.Mode predict = Autograd.pause()) {
            Goal goal = plan.model().goal();
            NDArray[] out = network.predictAll(plan.model().input().arrays(b));
            NDArray[] targets = goal.targets(b);
            float[] each = goal.each(out, targets).toFloatArray();
            double[] counts = goal.counts(targets, classes);
            for (int i = 0; i < each.length; i++) {
                sums[0] += goal.lossUnit() * each[i] * b.weight(i);
                sums[1] += b.weight(i) * (counts == null ? 1 : counts[i]);
            }
            if (metric == null) {
                return;
            }
            float[] weights = new float[each.length];
            boolean weighted = false;
            for (int i = 0; i < weights.length; i++) {
                weights[i] = (float) b.weight(i);
                weighted |= weights[i] != 1;
            }
            try (Context.Switch toHost = Context.switchTo(host)) { // metrics are computed there
                NDArray outputs = goal.metricOutputs(out[0], b.rows(), classes);
                if (weighted) {
                    metric.update(outputs, goal.metricTargets(b), NDArray.of(Shape.of(weights.length), weights));
                } else {
                    metric.update(outputs, goal.metricTargets(b));
                }
            }
        }
    }

    private Iterator<BatchRows> inOrder(int size) {
        return new Iterator<BatchRows>() {
            private int next;

            @Override
            public boolean hasNext() {
                return next < size;
            }

            @Override
            public BatchRows next() {
                if (!hasNext()) {
                    throw new NoSuchElementException();
                }
                int[] rowsOfBatch = new int[Math.min(batch, size - next)];
                Arrays.setAll(rowsOfBatch, i -> next + i);
                next += rowsOfBatch.length;
                return new BatchRows(rowsOfBatch);
            }
        };
    }
}
