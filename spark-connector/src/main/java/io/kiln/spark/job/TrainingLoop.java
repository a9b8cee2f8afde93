package io.kiln.spark.job;

import io.kiln.backend.Allocator;
import io.kiln.backend.Backend;
import io.kiln.backend.Backends;
import io.kiln.backend.Device;
import io.kiln.format.ByteChunks;
import io.kiln.kvstore.GradientExchange;
import io.kiln.kvstore.transport.Transport;
import io.kiln.ndarray.IndexRangeException;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.op.random.RandomGenerator;
import io.kiln.spark.feed.Batch;
import io.kiln.spark.feed.BatchFeeder;
import io.kiln.spark.feed.WorkerRows;
import io.kiln.spark.report.EpochReport;
import io.kiln.spark.report.TrainingException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.stream.DoubleStream;
import org.apache.spark.SparkEnv;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One worker's epochs. The result of a step depends only on the plan, the rank and the previous state, so that training
 * resumed from a saved state ends with the same bits.
 */
final class TrainingLoop implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TrainingLoop.class);
    private static final long RANKS = 1 << 20;

    private final TrainingPlan plan;
    private final RunSettings.Epochs settings;
    private final int rank;
    private final WorkerRows rows;
    private final NetworkReplica network;
    private final WorkerGroup group;
    private final Validator validator;
    private final BooleanSupplier killed;
    private final int steps;
    private final int classes;
    private boolean toldIncomparable;
    private final boolean countsByClass;
    private final double lossUnit;
    private final List<String> outputs;
    private WorkerState.Progress at;
    private ByteChunks best = ByteChunks.EMPTY;
    private int clipped;

    /** Called between the steps. */
    interface Observer {
        /** A step was done; its loss is NaN if this worker had no rows in it. */
        void step(long stepsDone, double loss, boolean epochEnd);

        /** A state to be saved was reached: every few steps, or at the end of an epoch. */
        void snapshot(boolean epochEnd) throws InterruptedException;

        /** Distributions of weights and gradients; called before {@link #epoch}, on rank 0, if the plan requests it. */
        void distributions(int epoch, SummaryFiles.Histograms histograms);

        /** An epoch was done. */
        void epoch(EpochReport report, EpochReport.WorkerReport worker);
    }

    TrainingLoop(
            TrainingPlan plan, int classes, int rank, WorkerRows rows, Transport transport, BooleanSupplier killed) {
        this.plan = plan;
        this.settings = plan.run().epochs();
        this.rank = rank;
        this.rows = rows;
        this.killed = killed;
        this.group = new WorkerGroup(transport);
        this.network = new NetworkReplica(plan, transport);
        this.validator = new Validator(plan, classes, rows, network, group, killed);
        this.classes = classes;
        this.countsByClass = countsByClass(plan.model().goal(), classes);
        this.lossUnit = plan.model().goal().lossUnit();
        this.outputs = plan.model().goal().outputs();
        this.at = WorkerState.Progress.start(outputs.size());
        this.steps = rows.order(settings.batchSize(), settings.seed(), 0, false).steps();
    }

    /** Whether samples have weights that depend on their class. */
    private static boolean countsByClass(Goal goal, int classes) {
        try (Scope scope = Scope.open()) {
            return goal.counts(goal.zeroTargets(), classes) != null;
        }
    }

    /** Restores a state that {@link #save} wrote. */
    void restore(InputStream state) {
        WorkerState s = WorkerState.read(state, network, outputs.size());
        at = s.progress();
        best = s.best();
    }

    /** Writes the complete state on which the next steps depend. */
    void save(OutputStream out) throws IOException {
        new WorkerState(at, best).write(out, network);
    }

    /** The number of a state; increases from step to step. */
    long version() {
        return (long) at.epoch() * steps + at.step();
    }

    /** The number of steps of a training that does not end early. */
    long mostSteps() {
        return (long) settings.maxEpochs() * steps;
    }

    /** The number of finished epochs. */
    int epochsDone() {
        return at.epoch();
    }

    /** The epoch of the weights that {@link #saveResult} writes. */
    int resultEpoch() {
        return settings.stopping().isOn() && at.bestEpoch() > 0 ? at.bestEpoch() : at.epoch();
    }

    /** Writes the resulting weights; called on rank 0. */
    void saveResult(OutputStream out) throws IOException {
        if (best.isEmpty()) {
            network.saveWeights(out);
        } else {
            best.writeTo(out);
        }
    }

    private boolean isOver() {
        return at.epoch() >= settings.maxEpochs()
                || settings.stopping().isOn()
                        && at.epoch() - at.bestEpoch() >= settings.stopping().earlyStoppingPatience();
    }

    void run(Observer observer) throws InterruptedException {
        if (!isOver()) {
            train(observer);
        }
        network.swapAverages(); // the result
    }

    private void train(Observer observer) throws InterruptedException {
        Device device = Backends.current().device();
        int capacity = (int) Math.min(rows.training().size(), largestShare());
        try (BatchFeeder feeder = new BatchFeeder(
                rows.training(),
                new StepPlan(rows, settings, at.epoch(), at.step()),
                plan.model().input().batches(capacity),
                new BatchFeeder.Place(device, plan.run().cluster().coresPerWorker()),
                new BatchFeeder.Wait(killed, plan.run().cluster().timeout()))) {
            while (!isOver()) {
                epoch(feeder, observer);
            }
        }
    }

    /**
     * The maximum number of rows that this worker can have in a batch: its share, and one row at each border of its
     * range.
     */
    private long largestShare() {
        return (long) settings.batchSize() / plan.workers() + 3;
    }

    private void epoch(BatchFeeder feeder, Observer observer) throws InterruptedException {
        long start = System.nanoTime();
        GradientExchange exchange = network.exchange();
        double feedBefore = feeder.waitedSeconds();
        double exchangeBefore = exchange.waitedSeconds();
        boolean looks = rank == 0 && plan.run().watching().toDirectory();
        int first = at.step();
        clipped = 0;
        for (int s = first; s < steps; s++) {
            checkKilled();
            Batch batch = feeder.next();
            network.watchGradients(looks && s + 1 == steps);
            double value = step(batch);
            feeder.recycle(batch);
            observer.step(version() + 1, value, s + 1 == steps);
            if (s + 1 < steps) {
                at = at.next();
                int every = plan.run().saves().snapshotInterval();
                if (every > 0 && version() % every == 0) {
                    observer.snapshot(false);
                }
            }
        }
        network.averageStatistics(at.weightSum(), at.epoch() + 1);
        double[] sums = group.sum(DoubleStream.concat(
                        DoubleStream.of(at.lossSum(), at.weightSum()),
                        at.outputSums().stream().mapToDouble(Double::doubleValue))
                .toArray());
        int skipped = at.skipped();
        network.swapAverages();
        Validator.Result validation = validator.run();
        double trainingLoss = sums[0] / sums[1];
        int done = at.epoch() + 1;
        remember(done, validation.followed());
        network.swapAverages();
        double seconds = (System.nanoTime() - start) * 1e-9;
        if (looks) {
            observer.distributions(done, network.histograms());
        }
        double feed = feeder.waitedSeconds() - feedBefore;
        double wait = exchange.waitedSeconds() - exchangeBefore;
        observer.epoch(
                new EpochReport(
                        done,
                        steps,
                        rows.total(),
                        seconds,
                        new EpochReport.Quality(
                                trainingLoss, validation.loss(), validation.metric(), heads(validation, sums)),
                        new EpochReport.Gradients(skipped, clipped, exchange.lossScale()),
                        List.of()),
                worker(seconds, feed, wait));
        observer.snapshot(true);
    }

    /** The outputs with their training losses. A single one has that of the network, which needs validation rows to tell more. */
    private List<EpochReport.Head> heads(Validator.Result validation, double... sums) {
        List<EpochReport.Head> all = new ArrayList<>();
        if (outputs.size() > 1 || rows.hasValidation()) {
            for (EpochReport.Head h : validation.heads()) {
                double mean = sums[2 + all.size()] / sums[1];
                all.add(new EpochReport.Head(h.output(), h.loss(), h.metricName(), h.metric(), mean));
            }
        }
        return all;
    }

    private static EpochReport.WorkerReport worker(double seconds, double feed, double wait) {
        Runtime heap = Runtime.getRuntime();
        Backend backend = Backends.current();
        return new EpochReport.WorkerReport(
                SparkEnv.get().executorId(),
                feed,
                Math.max(0, seconds - feed - wait),
                wait,
                backend.hostMemory().peakBytes(),
                heap.totalMemory() - heap.freeMemory(),
                deviceMemory(backend));
    }

    /** The memory of a device that is not the CPU; null for the CPU. */
    private static EpochReport.DeviceMemory deviceMemory(Backend backend) {
        Allocator memory = backend.allocator();
        return backend.device().equals(Device.cpu())
                ? null
                : new EpochReport.DeviceMemory(
                        backend.device().toString(),
                        memory.liveBytes(),
                        memory.peakBytes(),
                        memory.budget(),
                        backend.usage().orElse(null));
    }

    /** Ends the epoch and keeps its weights if they are the best so far. All workers decide alike. */
    private void remember(int done, double value) {
        boolean comparable = !Double.isNaN(value);
        if (settings.stopping().isOn() && !comparable && rank == 0 && !toldIncomparable) {
            toldIncomparable = true;
            LOG.warn(
                    "fit: validationMetric {} is NaN after epoch {}, which counts as no improvement, so that earlyStoppingPatience {} ends the training; choose a metric that the validation rows define (auc needs both classes, pearson numbers that differ), or lower learningRate if the loss is NaN too",
                    settings.stopping().validationMetric(),
                    done,
                    settings.stopping().earlyStoppingPatience());
        }
        boolean better = Double.isNaN(at.bestValue())
                || (validator.followsGrowth() ? value > at.bestValue() : value < at.bestValue());
        if (settings.stopping().isOn() && better && comparable) {
            at = at.nextEpoch(value, done);
            best = rank == 0 ? ByteChunks.write(network::saveWeights) : best;
        } else {
            at = at.nextEpoch(at.bestValue(), at.bestEpoch());
        }
    }

    private void checkKilled() throws InterruptedException {
        if (killed.getAsBoolean()) {
            throw new InterruptedException("training: the task was killed");
        }
    }

    private double step(Batch batch) {
        GradientExchange exchange = network.exchange();
        double scale = exchange.lossScale();
        double weight;
        double value = 0;
        double[] losses = {};
        try (Scope scope = Scope.open()) {
            Goal goal = plan.model().goal();
            NDArray[] targets = batch.rows() > 0 ? goal.targets(batch) : null;
            double[] counts = countsByClass && targets != null ? goal.counts(targets, classes) : null;
            weight = weight(batch, counts);
            exchange.beginStep(weight, network.isSynchronised() ? batch.rows() > 0 ? usualRows() : 0 : weight);
            if (weight > 0) {
                losses = train(
                        batch,
                        targets,
                        counts != null,
                        weight,
                        network.isSynchronised() ? scale * weight / usualRows() : scale);
                value = losses[0];
                if (!network.scalesLoss()) {
                    requireFinite(value);
                }
            } else if (network.isSynchronised()) {
                attend(batch);
            }
            boolean leftOut = exchange.step() == 0 || exchange.hasOverflowed();
            clipped += exchange.hasClipped() ? 1 : 0;
            if (leftOut && (weight > 0 || network.isSynchronised())) {
                network.takeBackStatistics();
            }
        }
        if (exchange.hasOverflowed()) {
            at = at.skip();
            if (scale <= 1) {
                throw new TrainingException(
                        "training: gradients overflow float16 without any scaling of the loss in epoch %d, step %d of %d: training diverged, or the network leaves float16's range; lower learningRate, scale the features, or use precision bfloat16"
                                .formatted(at.epoch() + 1, at.step() + 1, steps));
            }
        } else {
            requireFinite(value);
        }
        if (Double.isFinite(value)) { // the loss of a batch that overflowed in the forward pass is meaningless
            at = at.add(value, weight, Arrays.copyOfRange(losses, Math.min(1, losses.length), losses.length));
        }
        return weight > 0 ? value : Double.NaN;
    }

    /** The weight of a batch: its rows' weights times those of their classes. */
    private static double weight(Batch batch, double... counts) {
        if (counts == null) {
            return batch.weightSum();
        }
        double sum = 0;
        for (int i = 0; i < counts.length; i++) {
            sum += batch.weight(i) * counts[i];
        }
        return sum;
    }

    /** The seed of this worker's random numbers in the next step. */
    private long stepSeed() {
        return settings.seed() ^ (version() + 1) * RANKS + rank;
    }

    /** Trains on a batch. Returns the mean losses in the targets' unit: of all outputs together, then of each that has a name. */
    private double[] train(Batch batch, NDArray[] targets, boolean byClass, double weight, double factor) {
        RandomGenerator.seed(stepSeed());
        NDArray[] x = plan.model().input().arrays(batch);
        NDArray shares = shares(batch, byClass || settings.isSplit(), weight);
        try {
            NDArray[] all = joined(x, targets, shares);
            if (settings.isSplit()) {
                int parts = Math.min(settings.arithmetic().gradientAccumulation(), batch.rows());
                return inUnit(network.train(factor, parts(all, batch.rows(), parts)));
            }
            return inUnit(network.train(factor, all));
        } catch (IndexRangeException e) {
            throw new TrainingException(
                    "training: epoch %d, step %d of %d: %s"
                            .formatted(
                                    at.epoch() + 1,
                                    at.step() + 1,
                                    steps,
                                    plan.model().input().place(e, x)),
                    e);
        }
    }

    private double[] inUnit(NDArray losses) {
        return Arrays.stream(losses.toDoubleArray()).map(l -> lossUnit * l).toArray();
    }

    /** The arrays of parts of a batch; with mix-up, each with a weight of its own. */
    private List<NDArray[]> parts(NDArray[] batch, int rows, int parts) {
        double alpha = settings.smoothing().mixup();
        List<NDArray[]> all = new ArrayList<>();
        for (int p = 0; p < parts; p++) {
            int from = (int) ((long) rows * p / parts);
            int to = (int) ((long) rows * (p + 1) / parts);
            NDArray[] part = new NDArray[batch.length + (alpha > 0 ? 1 : 0)];
            for (int i = 0; i < batch.length; i++) {
                long each = batch[i].shape().dim(0) / rows; // more than 1 for the items of lists
                part[i] = parts == 1 ? batch[i] : batch[i].slice(0, from * each, to * each);
            }
            if (alpha > 0) {
                part[batch.length] = Mixup.draw(alpha, stepSeed() + ((long) p << Integer.SIZE));
            }
            all.add(part);
        }
        return all;
    }

    private static NDArray[] joined(NDArray[] inputs, NDArray[] targets, NDArray shares) {
        NDArray[] all = Arrays.copyOf(inputs, inputs.length + targets.length + (shares == null ? 0 : 1));
        System.arraycopy(targets, 0, all, inputs.length, targets.length);
        if (shares != null) {
            all[all.length - 1] = shares;
        }
        return all;
    }

    /** The usual number of rows of a worker in a step. */
    private double usualRows() {
        return (double) settings.batchSize() / plan.workers();
    }

    /**
     * Takes part in the sums over the workers with a batch of zero weight in the loss. Rows of weight 0 count in the batch's
     * statistics and get gradients through them. Without any row, runs a dummy row that contributes nothing to the sums.
     */
    private void attend(Batch batch) {
        TrainingPlan.FeedInput input = plan.model().input();
        Goal goal = plan.model().goal();
        if (batch.rows() > 0) {
            network.train(0, joined(input.arrays(batch), goal.targets(batch), null));
            return;
        }
        network.attend(joined(input.zeros(), goal.zeroTargets(), null));
    }

    private void requireFinite(double loss) {
        if (!Double.isFinite(loss)) {
            throw new TrainingException(
                    "training: the loss is %s in epoch %d, step %d of %d: training diverged; lower learningRate, or set gradientClipNorm"
                            .formatted(loss, at.epoch() + 1, at.step() + 1, steps));
        }
    }

    /** The weight of each sample in the mean of the batch; null if all are equal. */
    private static NDArray shares(Batch batch, boolean byClass, double weight) {
        float[] share = new float[batch.rows()];
        boolean equal = !byClass;
        for (int i = 0; i < share.length; i++) {
            share[i] = (float) (batch.weight(i) / weight);
            equal &= batch.weight(i) == batch.weight(0);
        }
        return equal ? null : NDArray.of(share);
    }

    @Override
    public void close() {
        network.close();
        group.close();
    }
}
