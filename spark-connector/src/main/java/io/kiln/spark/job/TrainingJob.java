package io.kiln.spark.job;

import io.kiln.format.ByteChunks;
import io.kiln.kvstore.snapshot.SnapshotManifest;
import io.kiln.kvstore.transport.Coordinator;
import io.kiln.spark.feed.EpochOrder;
import io.kiln.spark.feed.FeatureType;
import io.kiln.spark.feed.FeedColumns;
import io.kiln.spark.feed.FeedSpec;
import io.kiln.spark.feed.PackedData;
import io.kiln.spark.model.Network;
import io.kiln.spark.model.TrainedNetwork;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.ExecutionException;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkThrowable;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.storage.StorageLevel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Trains a network on the rows of a DataFrame: checks, packs the rows, runs a barrier stage, and runs it again from the newest
 * snapshot when executors are lost. Whatever happens, nothing is left behind and the SparkContext lives on.
 */
public final class TrainingJob {
    private static final Logger LOG = LoggerFactory.getLogger(TrainingJob.class);

    private final SparkContext sc;
    private final FitRequest request;
    private final Preflight preflight;
    private final long start = System.nanoTime();

    private TrainingJob(SparkContext sc, FitRequest request) {
        this.sc = sc;
        this.request = request;
        this.preflight = new Preflight(sc, request.run().cluster());
    }

    /**
     * Trains.
     *
     * @param data the rows
     * @param request what is asked for
     * @return the trained network and how training went
     * @throws IllegalArgumentException when a row or a setting is wrong
     * @throws IllegalStateException when the cluster cannot run the job
     * @throws TrainingException when training failed in a way that another attempt would not mend
     */
    public static FitResult run(Dataset<?> data, FitRequest request) {
        try {
            return new TrainingJob(data.sparkSession().sparkContext(), request).run(data);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TrainingException(request.uid() + ": fit was interrupted", e);
        }
    }

    private FitResult run(Dataset<?> data) throws InterruptedException {
        RunSettings.Cluster cluster = request.run().cluster();
        preflight.checkConfiguration();
        long[] rowShape = rowShape(data);
        Network.Traced network = request.model().network().trace(rowShape);
        int classes = request.model().objective().classes(network.outputShape());
        ValidationMetric.reported(request.run().epochs().metric(), classes > 0).check(classes);
        int share = request.run().epochs().batchSize() / cluster.workers() + 1;
        preflight.checkMemory(
                ModelMemory.bytes(network.graph(), request.rule().optimizer().stateCount(), share));
        preflight.awaitSlots(cluster.timeoutSeconds());
        preflight.checkEngines(cluster.device());
        FeedSpec spec = new FeedSpec(request.columns(), FitRequest.width(rowShape), classes);
        try (PackedData rows =
                PackedData.pack(data, spec, cluster.workers(), StorageLevel.fromString(cluster.storageLevel()))) {
            return train(rows, network, rowShape, classes);
        }
    }

    private long[] rowShape(Dataset<?> data) {
        return request.knownShape(data.schema()).orElseGet(() -> new long[] {firstWidth(data)});
    }

    /** Features of the first row that has any: where neither Params nor metadata tell their number. */
    private long firstWidth(Dataset<?> data) {
        FeedColumns c = request.columns();
        Row[] first = (Row[]) data.toDF()
                .select(data.col(FeedColumns.quote(c.features())))
                .na()
                .drop()
                .head(1);
        if (first.length == 0) {
            throw new IllegalArgumentException("%s: the DataFrame has no training rows: column \"%s\" is empty"
                    .formatted(request.uid(), c.features()));
        }
        return c.type() == FeatureType.VECTOR
                ? first[0].<Vector>getAs(0).size()
                : first[0].getList(0).size();
    }

    private FitResult train(PackedData rows, Network.Traced network, long[] rowShape, int classes)
            throws InterruptedException {
        RunSettings run = request.run()
                .withCores(preflight.cores())
                .withProgress(request.run().progress() && ProgressDisplay.isTerminal());
        if (sc.isLocal() && run.saves().snapshotSteps() == 0) {
            run = run.withSaves(run.saves().withoutSnapshots());
        }
        TrainingPlan plan = new TrainingPlan(
                network.graph().toJson(),
                network.values(),
                new TrainingPlan.Input(
                        rowShape,
                        request.columns().type() == FeatureType.BYTES,
                        request.model().scale()),
                request.model().objective(),
                request.rule().toJson(),
                run,
                rows.reader(),
                rows.fingerprint());
        int steps = EpochOrder.steps(rows.trainingRows(), run.epochs().batchSize());
        List<Broadcast<?>> broadcasts = new ArrayList<>();
        try (Coordinator coordinator = Coordinator.open();
                SnapshotManifest manifest = new SnapshotManifest(coordinator, plan.workers());
                ProgressDisplay display =
                        ProgressDisplay.open(run.progress(), run.epochs().max(), steps)) {
            ProgressDesk desk = new ProgressDesk(coordinator, plan.workers());
            Attempts attempts = new Attempts(rows, plan, classes, coordinator, manifest, desk, display, broadcasts);
            WorkerTask.Outcome outcome = attempts.run();
            display.show((long) outcome.epochs() * steps, desk.loss());
            ByteChunks weights = manifest.load(WorkerTask.FINAL_VERSION, 0).toChunks();
            TrainingSummary summary = new TrainingSummary(
                    desk.reports(outcome.epochs()),
                    outcome.resultEpoch(),
                    ValidationMetric.reported(run.epochs().metric(), classes > 0)
                            .name()
                            .toLowerCase(java.util.Locale.ROOT),
                    attempts.resubmissions,
                    (System.nanoTime() - start) * 1e-9);
            return new FitResult(
                    new TrainedNetwork(plan.graph(), weights, request.model().scale()), classes, summary);
        } finally {
            broadcasts.forEach(b -> b.destroy(true));
        }
    }

    /** The submissions of one training, until one succeeds. */
    private final class Attempts {
        private final PackedData rows;
        private final TrainingPlan plan;
        private final int classes;
        private final Coordinator coordinator;
        private final SnapshotManifest manifest;
        private final ProgressDesk desk;
        private final ProgressDisplay display;
        private final List<Broadcast<?>> broadcasts;
        private final Checkpoints checkpoints;
        private int resubmissions;

        Attempts(
                PackedData rows,
                TrainingPlan plan,
                int classes,
                Coordinator coordinator,
                SnapshotManifest manifest,
                ProgressDesk desk,
                ProgressDisplay display,
                List<Broadcast<?>> broadcasts) {
            this.rows = rows;
            this.plan = plan;
            this.classes = classes;
            this.coordinator = coordinator;
            this.manifest = manifest;
            this.desk = desk;
            this.display = display;
            this.broadcasts = broadcasts;
            RunSettings.Saves saves = plan.run().saves();
            this.checkpoints = saves.toDirectory()
                    ? new Checkpoints(saves.directory(), plan.fingerprint(), sc.hadoopConfiguration(), plan.workers())
                    : null;
        }

        private <T> Broadcast<T> broadcast(T value) {
            Broadcast<T> b = JavaSparkContext.fromSparkContext(sc).broadcast(value);
            broadcasts.add(b);
            return b;
        }

        WorkerTask.Outcome run() throws InterruptedException {
            Broadcast<TrainingPlan> shipped = broadcast(plan);
            List<Broadcast<ByteChunks>> checkpoint = resume();
            for (int attempt = 0; ; attempt++) {
                OptionalLong snapshot = attempt == 0 ? OptionalLong.empty() : manifest.newestComplete();
                desk.begin(attempt);
                WorkerTask task = new WorkerTask(
                        shipped, coordinator.ticket(), attempt, classes, snapshot.orElse(-1), checkpoint);
                try {
                    List<WorkerTask.Outcome> outcomes =
                            BarrierStage.run(rows.rows(), preflight.profile(), task::run, this::tick);
                    tick();
                    return outcomes.get(0);
                } catch (ExecutionException e) {
                    afterFailure(attempt, e.getCause());
                }
            }
        }

        private List<Broadcast<ByteChunks>> resume() {
            if (checkpoints == null) {
                return List.of();
            }
            checkpoints.prepare();
            Checkpoints.Checkpoint c = checkpoints.newest(plan.run().epochs().max());
            if (c == null) {
                return List.of();
            }
            LOG.info("{}: goes on from the checkpoint of epoch {}", request.uid(), c.epoch());
            desk.restore(c.reports());
            List<Broadcast<ByteChunks>> states = new ArrayList<>();
            c.states().forEach(s -> states.add(broadcast(s)));
            return states;
        }

        /** What the driver does while workers train. */
        private void tick() {
            display.show(desk.steps(), desk.loss());
            ProgressDesk.CheckpointRequest c = desk.checkpointRequest();
            if (c == null || manifest.newestComplete().orElse(-1) < c.version()) {
                return;
            }
            try {
                checkpoints.write(c.epoch(), r -> manifest.load(c.version(), r), desk.reports(c.epoch()));
                desk.answerCheckpoint(ProgressDesk.DONE);
            } catch (RuntimeException e) {
                LOG.debug("checkpoint of epoch {} failed", c.epoch(), e);
                desk.answerCheckpoint(e.getMessage());
            }
        }

        /** Returns when another attempt makes sense; otherwise throws. */
        private void afterFailure(int attempt, Throwable cause) throws InterruptedException {
            String uid = request.uid();
            if (sc.isStopped()) {
                throw new TrainingException(uid + ": the SparkContext was stopped while training", cause);
            }
            if (isCancelled(cause)) {
                throw new TrainingException(uid + ": the job was cancelled while training", cause);
            }
            if (desk.failure() != null) {
                throw new TrainingException("%s: %s".formatted(uid, desk.failure()), cause);
            }
            String reason = desk.trouble() == null ? cause.getMessage() : desk.trouble();
            int most = plan.run().cluster().resubmissions();
            if (attempt >= most) {
                throw new TrainingException(
                        "%s: training failed %d times, maxResubmissions is %d; the last cause: %s"
                                .formatted(uid, attempt + 1, most, reason),
                        cause);
            }
            resubmissions++;
            LOG.warn(
                    "{}: training lost a worker and goes on from {}: {}",
                    uid,
                    manifest.newestComplete().isPresent() ? "the newest snapshot" : "its beginning",
                    reason);
            preflight.awaitSlotsAgain(plan.run().cluster().timeoutSeconds());
            rows.restore();
        }

        private static boolean isCancelled(Throwable cause) {
            for (Throwable t = cause; t != null; t = t.getCause()) {
                if (t instanceof java.util.concurrent.CancellationException
                        || t instanceof SparkThrowable s && "SPARK_JOB_CANCELLED".equals(s.getCondition())) {
                    return true;
                }
            }
            return false;
        }
    }
}
