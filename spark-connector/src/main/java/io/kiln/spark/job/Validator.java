package io.kiln.spark.job;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Backend;
import io.kiln.backend.Backends;
import io.kiln.backend.Context;
import io.kiln.backend.Device;
import io.kiln.metric.Metric;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.spark.feed.Batch;
import io.kiln.spark.feed.BatchFeeder;
import io.kiln.spark.feed.BatchRows;
import io.kiln.spark.feed.WorkerRows;
import io.kiln.spark.report.EpochReport;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.BooleanSupplier;
import java.util.function.IntToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

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
    private final List<Measure> measures;
    private final List<Metric> metrics;
    private final List<String> outputs;
    private final ValidationMetric.Asked asked;
    private final int followed;
    private final Backend host = Backends.get(Device.cpu());

    /**
     * The result.
     *
     * @param loss mean loss; NaN without validation rows
     * @param metric value of the reported metric; NaN without validation rows
     * @param followed the value that decides when training stops early
     * @param heads losses and metrics of the outputs that have names, without training losses; NaN without validation rows
     */
    record Result(double loss, double metric, double followed, List<EpochReport.Head> heads) {}

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
        int least = plan.model().input() instanceof TrainingPlan.ListInput ? 1 : MIN_BATCH;
        this.batch = Math.max(least, Math.min(LARGEST_BATCH, share));
        this.classes = classes;
        Goal goal = plan.model().goal();
        this.asked = plan.run().epochs().stopping().asked();
        this.followed = goal.followed(asked);
        this.measures = goal.measures(asked, classes);
        this.metrics = measures.stream().map(m -> m.factory().get()).toList();
        this.outputs = goal.outputs();
    }

    Result run() throws InterruptedException {
        metrics.forEach(Metric::reset);
        if (!rows.hasValidation()) {
            return result(i -> Double.NaN);
        }
        double[] sums = new double[2 + outputs.size()];
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
        return result(group.sum(DoubleStream.concat(
                        Arrays.stream(sums), metrics.stream().flatMapToDouble(m -> Arrays.stream(m.state())))
                .toArray()));
    }

    private Result result(double... all) {
        int at = 2 + outputs.size();
        for (Metric m : metrics) {
            int length = m.state().length;
            m.reset();
            m.merge(Arrays.copyOfRange(all, at, at + length));
            at += length;
        }
        return result(i -> all[i] / all[1]);
    }

    /**
     * The result.
     *
     * @param means the mean losses: of all outputs together at 0, then, from 2 on, of each that has a name
     */
    private Result result(IntToDoubleFunction means) {
        double loss = means.applyAsDouble(0);
        List<EpochReport.Head> heads = new ArrayList<>();
        for (int h = 0; h < outputs.size(); h++) {
            int of = measureOf(h);
            double own = means.applyAsDouble(2 + h);
            heads.add(new EpochReport.Head(
                    outputs.get(h),
                    own,
                    of < 0 ? ValidationMetric.LOSS : measures.get(of).name(),
                    of < 0 ? own : metrics.get(of).value(),
                    Double.NaN));
        }
        if (outputs.isEmpty()) {
            double metric = metrics.get(0).value();
            return new Result(loss, metric, asked.isLoss() ? loss : metric, heads);
        }
        double value = followed == Goal.ALL
                ? loss
                : asked.isLoss()
                        ? heads.get(followed).loss()
                        : heads.get(followed).metric();
        return new Result(loss, value, value, heads);
    }

    /** The place of an output's metric; below 0 if it has none. */
    private int measureOf(int output) {
        return IntStream.range(0, measures.size())
                .filter(i -> measures.get(i).output() == output)
                .findFirst()
                .orElse(-1);
    }

    /** Whether training follows a value that shall grow. */
    boolean followsGrowth() {
        return !asked.isLoss() && metrics.get(measureOf(followed)).isLargerBetter();
    }

    private void judge(Batch b, double... sums) {
        try (Scope scope = Scope.open();
                Autograd.Mode predict = Autograd.pause()) {
            Goal goal = plan.model().goal();
            NDArray[] out = network.predictAll(plan.model().input().arrays(b));
            NDArray[] targets = goal.targets(b);
            double[] counts = goal.counts(targets, classes);
            List<NDArray> losses = goal.each(out, targets);
            sums[0] += goal.lossUnit() * sum(losses.get(0), b);
            for (int i = 0; i < b.rows(); i++) {
                sums[1] += b.weight(i) * (counts == null ? 1 : counts[i]);
            }
            for (int h = 0; h < outputs.size(); h++) {
                sums[2 + h] += goal.lossUnit() * sum(losses.get(1 + h), b);
            }
            try (Context.Switch toHost = Context.switchTo(host)) { // metrics are computed there
                for (int i = 0; i < metrics.size(); i++) {
                    int output = measures.get(i).output();
                    metrics.get(i)
                            .update(
                                    goal.metricOutputs(output, out[output], b.rows(), classes),
                                    goal.metricTargets(output, b),
                                    goal.metricWeights(output, b));
                }
            }
        }
    }

    private static double sum(NDArray losses, Batch b) {
        float[] each = losses.toFloatArray();
        double sum = 0;
        for (int i = 0; i < each.length; i++) {
            sum += each[i] * b.weight(i);
        }
        return sum;
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
