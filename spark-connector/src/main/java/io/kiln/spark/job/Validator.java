package io.kiln.spark.job;

import io.kiln.autograd.Autograd;
import io.kiln.metric.Metric;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.nn.loss.Loss;
import io.kiln.spark.feed.Batch;
import io.kiln.spark.feed.BatchFeeder;
import io.kiln.spark.feed.WorkerRows;
import io.kiln.spark.model.ClassOutput;
import io.kiln.spark.model.Features;
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
    private final Loss loss;
    private final Metric metric;

    /**
     * The result.
     *
     * @param loss mean loss; NaN without validation rows
     * @param metric value of the reported metric; NaN without validation rows
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
        this.loss = plan.model().objective().loss();
        this.metric = ValidationMetric.reported(plan.run().epochs().stopping().validationMetric(), classes > 0)
                .create(classes);
    }

    Result run() throws InterruptedException {
        if (!rows.hasValidation()) {
            return new Result(Double.NaN, Double.NaN);
        }
        metric.reset();
        double[] sums = new double[2];
        if (rows.validation().size() > 0) {
            try (BatchFeeder feeder = new BatchFeeder(
                    rows.validation(),
                    inOrder(rows.validation().size()),
                    plan.model().input().batches(batch),
                    Preflight.device(plan.run().cluster().device()),
                    new BatchFeeder.Wait(killed, plan.run().cluster().timeout()))) {
                for (Batch b = feeder.next(); b != null; b = feeder.next()) {
                    judge(b, sums);
                    feeder.recycle(b);
                }
            }
        }
        double[] state = metric.state();
        double[] all = Arrays.copyOf(sums, 2 + state.length);
        System.arraycopy(state, 0, all, 2, state.length);
        all = group.sum(all);
        metric.reset();
        metric.merge(Arrays.copyOfRange(all, 2, all.length));
        return new Result(all[0] / all[1], metric.value());
    }

    private void judge(Batch b, double... sums) {
        try (Scope scope = Scope.open();
                Autograd.Mode predict = Autograd.pause()) {
            NDArray out = network.predict(
                    Features.scaled(b.features(), plan.model().input().inputScale()));
            Objective objective = plan.model().objective();
            NDArray labels = objective.labels(b);
            float[] each = loss.compute(out, labels).toFloatArray();
            double[] counts = objective.counts(labels, classes);
            for (int i = 0; i < each.length; i++) {
                sums[0] += objective.lossUnit() * each[i] * b.weight(i);
                sums[1] += b.weight(i) * (counts == null ? 1 : counts[i]);
            }
            NDArray outputs = classes > 0 ? probabilities(out, b.rows()) : objective.ownOutputs(out);
            float[] weights = new float[each.length];
            boolean weighted = false;
            for (int i = 0; i < weights.length; i++) {
                weights[i] = (float) b.weight(i);
                weighted |= weights[i] != 1;
            }
            if (weighted) {
                metric.update(outputs, objective.ownLabels(b), NDArray.of(Shape.of(weights.length), weights));
            } else {
                metric.update(outputs, objective.ownLabels(b));
            }
        }
    }

    private NDArray probabilities(NDArray out, int n) {
        float[] raw = out.toFloatArray();
        int count = raw.length / n;
        float[] p = new float[n * classes];
        for (int i = 0; i < n; i++) {
            double[] scores = ClassOutput.scores(raw, i * count, count);
            double[] each = ClassOutput.probabilities(scores);
            for (int k = 0; k < classes; k++) {
                p[i * classes + k] = (float) each[k];
            }
        }
        return NDArray.of(Shape.of(n, classes), p);
    }

    private Iterator<int[]> inOrder(int size) {
        return new Iterator<>() {
            private int next;

            @Override
            public boolean hasNext() {
                return next < size;
            }

            @Override
            public int[] next() {
                if (!hasNext()) {
                    throw new NoSuchElementException();
                }
                int[] rowsOfBatch = new int[Math.min(batch, size - next)];
                Arrays.setAll(rowsOfBatch, i -> next + i);
                next += rowsOfBatch.length;
                return rowsOfBatch;
            }
        };
    }
}
