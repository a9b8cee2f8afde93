package io.kiln.spark.job;

import io.kiln.format.ByteChunks;
import io.kiln.graph.Graph;
import io.kiln.kvstore.KVStoreException;
import io.kiln.kvstore.snapshot.SnapshotManifest;
import io.kiln.kvstore.transport.Coordinator;
import io.kiln.spark.feed.EpochOrder;
import io.kiln.spark.feed.FeedColumn;
import io.kiln.spark.feed.FeedSpec;
import io.kiln.spark.feed.PackedData;
import io.kiln.spark.model.Network;
import io.kiln.spark.model.TrainedNetwork;
import io.kiln.spark.report.FitEvent;
import io.kiln.spark.report.Provenance;
import io.kiln.spark.report.TrainingException;
import io.kiln.spark.report.TrainingSummary;
import io.kiln.spark.stage.BarrierStage;
import io.kiln.spark.stage.JobDescription;
import io.kiln.spark.stage.SparkJob;
import io.kiln.view.Diagram;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.storage.StorageLevel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Trains a network on the rows of a DataFrame: checks, packs the rows, runs a barrier stage, and runs it again from the
 * newest snapshot when executors are lost. In all cases nothing is left behind, and the SparkContext stays usable.
 */
public final class TrainingJob {
    private static final Logger LOG = LoggerFactory.getLogger(TrainingJob.class);
    private static final long NONE = -1;
    private static final String UNPACKAGED = "unpackaged";
    private static final int MOST_BOXES = 200;

    private final SparkContext sc;
    private final FitRequest request;
    private final Preflight preflight;
    private final long start = System.nanoTime();
    private final Instant begun = Instant.now().truncatedTo(ChronoUnit.SECONDS);

    private TrainingJob(SparkContext sc, FitRequest request, Preflight preflight) {
        this.sc = sc;
        this.request = request;
        this.preflight = preflight;
    }

    /**
     * Trains.
     *
     * @param data the rows
     * @param request the estimator's request
     * @return the trained network and the training's summary
     * @throws IllegalArgumentException if a row or a setting is invalid
     * @throws IllegalStateException if the cluster cannot run the job
     * @throws TrainingException if training failed in a way that another attempt would not fix, or was cancelled or
     *     interrupted
     */
    public static FitResult run(Dataset<?> data, FitRequest request) {
        return JobFailure.told(request.uid(), () -> {
            SparkContext sc = data.sparkSession().sparkContext();
            Preflight preflight = new Preflight(sc, request.run().cluster());
            preflight.checkConfiguration();
            return new TrainingJob(sc, request.with(Vocabularies.count(data, request)), preflight).run(data);
        });
    }

    private FitResult run(Dataset<?> data) throws ExecutionException, TimeoutException, InterruptedException {
        RunSettings.Cluster cluster = request.run().cluster();
        Work.Prepared prepared = prepare(data);
        String metric = metric(prepared);
        Network.Traced network = prepared.network();
        checkTrained(network);
        SettingsCheck.checkNetwork(request.uid(), network.graph(), request.run());
        long share = (long) request.run().epochs().largestBatch() / cluster.numWorkers() + 1;
        preflight.checkMemory(ModelMemory.bytes(network.graph(), states(), share));
        if (request.run().saves().toDirectory()) {
            JobCheckpoints.probe(request.run().saves().checkpointDir(), sc.hadoopConfiguration());
        }
        try (JobDescription d = JobDescription.open(sc, "Kiln: " + request.uid() + " checks executors")) {
            preflight.awaitSlots(cluster.timeout());
            preflight.checkEngines(cluster.timeout());
        }
        StorageLevel level = StorageLevel.fromString(cluster.storageLevel());
        try (PackedData rows = pack(data, prepared.spec(), level)) {
            preflight.tellRows(rows.bytes(), cluster.storageLevel());
            Work.Learner learner = request.work().learner(prepared, rows);
            try (JobDescription d = JobDescription.open(sc, "Kiln: " + request.uid() + " trains")) {
                return train(rows, prepared, learner, metric);
            }
        }
    }

    private PackedData pack(Dataset<?> data, FeedSpec spec, StorageLevel level)
            throws ExecutionException, TimeoutException, InterruptedException {
        RunSettings.Cluster cluster = request.run().cluster();
        try (JobDescription d = JobDescription.open(sc, "Kiln: " + request.uid() + " packs rows")) {
            return PackedData.pack(data, spec, cluster.numWorkers(), level, cluster.timeout());
        }
    }

    /** Arrays of a weight's size that are kept beside it: the optimizer's states and the average. */
    private int states() {
        boolean averages = request.run().epochs().smoothing().averages();
        return request.rule().optimizer().stateCount() + (averages ? 1 : 0);
    }

    private void checkTrained(Network.Traced network) {
        boolean trained = network.graph().parameters().stream()
                .anyMatch(p -> p.role().isTrained() && !network.frozen().contains(p.name()));
        if (!trained) {
            throw new IllegalArgumentException(
                    "%s: network: nothing to train: %d of its parameters are frozen, and it has no others; unfreeze some"
                            .formatted(request.uid(), network.frozen().size()));
        }
    }

    private Work.Prepared prepare(Dataset<?> data) throws ExecutionException, TimeoutException, InterruptedException {
        Map<String, Integer> widths = new HashMap<>();
        Optional<FeedColumn> unknown = request.work().unknownWidth(data.schema(), widths);
        while (unknown.isPresent()) {
            widths.put(unknown.get().name(), firstWidth(data, unknown.get()));
            unknown = request.work().unknownWidth(data.schema(), widths);
        }
        return request.work().prepare(request.uid(), data.schema(), widths);
    }

    /** The name of the metric that is reported besides the loss; checks it. */
    private String metric(Work.Prepared p) {
        ValidationMetric.Asked asked = request.run().epochs().stopping().asked();
        List<Measure> all = p.goal().measures(asked, p.classes());
        List<String> outputs = p.goal().outputs();
        if (outputs.isEmpty()) {
            return all.get(0).name();
        }
        int followed = p.goal().followed(asked);
        if (followed == Goal.ALL) {
            return ValidationMetric.LOSS;
        }
        return outputs.size() == 1 ? asked.metric() : asked.metric() + " of " + outputs.get(followed);
    }

    /** The number of features of the first row that has any, for when neither Params nor metadata define it. */
    private int firstWidth(Dataset<?> data, FeedColumn column)
            throws ExecutionException, TimeoutException, InterruptedException {
        boolean vector = column.field().dataType().equals(SQLDataTypes.VectorType());
        Column values = column.of(data);
        List<Integer> first = SparkJob.first(
                data.toDF()
                        .where(values.isNotNull())
                        .select(values)
                        .toJavaRDD()
                        .map(row -> vector
                                ? row.<Vector>getAs(0).size()
                                : row.getList(0).size()),
                request.run().cluster().timeout());
        if (first.isEmpty()) {
            throw new IllegalArgumentException("%s: the DataFrame has no training rows: column \"%s\" is empty"
                    .formatted(request.uid(), column.name()));
        }
        return first.get(0);
    }

    private FitResult train(PackedData rows, Work.Prepared prepared, Work.Learner learner, String metric)
            throws ExecutionException, TimeoutException, InterruptedException {
        Network.Traced network = learner.network();
        int classes = prepared.classes();
        RunSettings run = request.run()
                .withCluster(request.run().cluster().with(preflight.cores(), preflight.device()))
                .withEpochs(request.run()
                        .epochs()
                        .chosen(rows.trainingRows(), request.run().cluster().numWorkers()));
        SettingsCheck.checkEpochs(request.uid(), run.epochs());
        if (sc.isLocal() && run.saves().snapshotInterval() == RunSettings.Saves.EACH_EPOCH) {
            run = run.withSaves(run.saves().withoutSnapshots());
        }
        TrainingPlan plan = new TrainingPlan(
                new TrainingPlan.Model(
                        network.graph().toJson(),
                        network.values(),
                        network.frozen(),
                        network.byRows(),
                        network.rates(),
                        inputs(rows, prepared, network, run),
                        learner.goal()),
                request.rule().toJson(),
                run,
                rows.reader(),
                rows.fingerprint());
        int steps = EpochOrder.steps(rows.trainingRows(), run.epochs().batchSize());
        List<Broadcast<?>> broadcasts = new ArrayList<>();
        try (Coordinator coordinator = Coordinator.open();
                SnapshotManifest manifest = new SnapshotManifest(coordinator, plan.workers());
                ProgressDisplay display = ProgressDisplay.open(
                        run.watching().showProgress() && ProgressDisplay.isTerminal(),
                        run.epochs().maxEpochs(),
                        steps,
                        run.epochs().batchSize());
                SummaryFiles files =
                        new SummaryFiles(run.watching().summaryDir(), sc.hadoopConfiguration(), network.graph())) {
            ProgressDesk desk = new ProgressDesk(coordinator, plan.workers());
            FitReporter reporter = new FitReporter(sc, List.of(new EpochLog(), display, files, this::tellListener));
            Provenance provenance = provenance(rows, run);
            FitEvent.Plan told = new FitEvent.Plan(
                    steps,
                    metric,
                    ModelMemory.parameters(network),
                    rows.bytes(),
                    ModelMemory.bytes(network.graph(), states(), run.epochs().batchSize() / plan.workers() + 1));
            reporter.tell((fit, time) -> new FitEvent.Started(
                    fit, time, request.uid(), request.params(), told, provenance, drawing(network.graph())));
            Attempts attempts =
                    new Attempts(rows, plan, classes, coordinator, manifest, desk, reporter, files, broadcasts);
            ByteChunks weights = reporter.watch(() -> {
                ByteChunks last = attempts.run();
                attempts.tick();
                return last;
            });
            WorkerMessage.Finish finish = desk.finish().orElseThrow();
            TrainingSummary summary = new TrainingSummary(
                    desk.reports(finish.epochs()),
                    finish.resultEpoch(),
                    metric,
                    attempts.resubmissions,
                    (System.nanoTime() - start) * 1e-9,
                    provenance);
            reporter.tell(
                    (fit, time) -> new FitEvent.Ended(fit, time, FitEvent.Outcome.FINISHED, "", finish.resultEpoch()));
            return new FitResult(
                    new TrainedNetwork(
                            request.work().finished(learner).toJson(),
                            weights,
                            request.work().inputScale()),
                    classes,
                    request.work().vocabularies(),
                    summary);
        } finally {
            broadcasts.forEach(b -> b.destroy(true));
        }
    }

    private TrainingPlan.FeedInput inputs(
            PackedData rows, Work.Prepared prepared, Network.Traced network, RunSettings run) {
        long share = run.epochs().batchSize() / run.cluster().numWorkers() + 1;
        return new SparseChoice(request.uid(), prepared, network, request.rule().optimizer())
                .of(rows, share, run.epochs());
    }

    private void tellListener(FitEvent event) {
        request.listener().happened(event);
        if (event instanceof FitEvent.EpochEnded e) {
            request.listener().epochEnded(e.report());
        }
    }

    /** The network's outermost blocks; a single box if there would be too many. */
    private static Diagram drawing(Graph graph) {
        Diagram d = Diagram.of(graph, 1);
        return d.boxes().size() <= MOST_BOXES ? d : Diagram.of(graph, 0);
    }

    private Provenance.Versions versions() {
        String kiln = TrainingJob.class.getPackage().getImplementationVersion();
        return new Provenance.Versions(
                kiln == null ? UNPACKAGED : kiln,
                sc.version(),
                Runtime.version().toString());
    }

    private Provenance provenance(PackedData rows, RunSettings run) {
        return new Provenance(
                versions(),
                begun.toString(),
                new Provenance.Data(rows.trainingRows(), rows.validationRows(), Long.toHexString(rows.fingerprint())),
                new Provenance.Settings(
                        run.epochs().seed(),
                        run.epochs().batchSize(),
                        run.epochs().maxEpochs(),
                        run.cluster().numWorkers(),
                        run.cluster().coresPerWorker(),
                        request.rule().toJson()));
    }

    /** The submissions of one training, until one succeeds. */
    private final class Attempts {
        private final PackedData rows;
        private final TrainingPlan plan;
        private final int classes;
        private final Coordinator coordinator;
        private final SnapshotManifest manifest;
        private final ProgressDesk desk;
        private final FitReporter reporter;
        private final SummaryFiles files;
        private final List<Broadcast<?>> broadcasts;
        private final JobCheckpoints checkpoints;
        private int resubmissions;
        private int fruitless;
        private long reachedBefore = NONE;

        Attempts(
                PackedData rows,
                TrainingPlan plan,
                int classes,
                Coordinator coordinator,
                SnapshotManifest manifest,
                ProgressDesk desk,
                FitReporter reporter,
                SummaryFiles files,
                List<Broadcast<?>> broadcasts) {
            this.rows = rows;
            this.plan = plan;
            this.classes = classes;
            this.coordinator = coordinator;
            this.manifest = manifest;
            this.desk = desk;
            this.reporter = reporter;
            this.files = files;
            this.broadcasts = broadcasts;
            RunSettings.Saves saves = plan.run().saves();
            this.checkpoints = saves.toDirectory()
                    ? new JobCheckpoints(
                            saves.checkpointDir(), plan.fingerprint(), sc.hadoopConfiguration(), plan.workers())
                    : null;
        }

        private <T> Broadcast<T> broadcast(T value) {
            Broadcast<T> b = JavaSparkContext.fromSparkContext(sc).broadcast(value);
            broadcasts.add(b);
            return b;
        }

        /** Trains until there are final weights. */
        ByteChunks run() throws ExecutionException, TimeoutException, InterruptedException {
            Broadcast<TrainingPlan> shipped = broadcast(plan);
            List<Broadcast<ByteChunks>> checkpoint = resume();
            for (int attempt = 0; ; attempt++) {
                long snapshot = attempt == 0 ? NONE : newestSnapshot();
                if (attempt > 0 && snapshot == NONE) {
                    checkpoint = resume();
                }
                desk.begin(attempt);
                WorkerTask task = new WorkerTask(shipped, coordinator.ticket(), attempt, classes, snapshot, checkpoint);
                try {
                    BarrierStage.run(
                            rows.rows(),
                            preflight.profile(),
                            task::run,
                            this::tick,
                            plan.run().cluster().timeout());
                    return manifest.load(WorkerTask.FINAL_VERSION, 0).toChunks();
                } catch (ExecutionException e) {
                    ByteChunks weights = finalWeights();
                    if (weights != null && !JobFailure.isCancelled(e.getCause())) {
                        LOG.info("{}: an executor was lost after the final weights were saved", request.uid());
                        return weights;
                    }
                    afterFailure(e.getCause());
                } catch (KVStoreException e) { // all copies of the final weights were lost with their executors
                    afterFailure(e);
                }
            }
        }

        /** The snapshot to resume from. Final weights do not count: if they are left but unreadable, training starts over. */
        private long newestSnapshot() {
            long newest = manifest.newestComplete().orElse(NONE);
            return newest == WorkerTask.FINAL_VERSION ? NONE : newest;
        }

        /**
         * The final weights, if all workers have saved their last state: training is then complete, whatever failed
         * later.
         */
        private ByteChunks finalWeights() {
            if (sc.isStopped() || manifest.newestComplete().orElse(NONE) != WorkerTask.FINAL_VERSION) {
                return null;
            }
            try {
                return manifest.load(WorkerTask.FINAL_VERSION, 0).toChunks();
            } catch (KVStoreException e) {
                LOG.warn("{}: the final weights were lost: {}", request.uid(), e.getMessage());
                return null;
            }
        }

        private List<Broadcast<ByteChunks>> resume() {
            if (checkpoints == null) {
                return List.of();
            }
            JobCheckpoints.Checkpoint c =
                    checkpoints.newest(plan.run().epochs().maxEpochs()).newest();
            if (c == null) {
                return List.of();
            }
            LOG.info("{}: resuming from the checkpoint of epoch {}", request.uid(), c.epoch());
            desk.restore(c.reports());
            reporter.restore(c.reports());
            List<Broadcast<ByteChunks>> states = new ArrayList<>();
            c.states().forEach(s -> states.add(broadcast(s)));
            return states;
        }

        /** The driver's work while workers train. */
        private void tick() {
            desk.progress()
                    .ifPresent(p -> reporter.tell(
                            (fit, time) -> new FitEvent.Steps(fit, time, p.steps(), p.loss(), p.points())));
            desk.distributions().forEach(files::write);
            reporter.tell(desk.after(reporter.told()));
            desk.checkpointRequest()
                    .filter(c -> manifest.newestComplete().orElse(NONE) >= c.version())
                    .ifPresent(this::write);
        }

        private void write(WorkerMessage.CheckpointRequest c) {
            try {
                checkpoints.write(c.epoch(), r -> manifest.load(c.version(), r).open(), desk.reports(c.epoch()));
                desk.answerCheckpoint(WorkerMessage.CheckpointAnswer.WRITTEN);
            } catch (RuntimeException e) {
                LOG.debug("checkpoint of epoch {} failed", c.epoch(), e);
                desk.answerCheckpoint(WorkerMessage.CheckpointAnswer.failed(e.getMessage()));
            }
        }

        /** Returns if another attempt makes sense; otherwise throws. */
        private void afterFailure(Throwable cause) throws ExecutionException, TimeoutException, InterruptedException {
            String uid = request.uid();
            Optional<String> failure = desk.failure();
            if (failure.isPresent()) {
                throw new TrainingException("%s: %s".formatted(uid, failure.get()), cause);
            }
            if (sc.isStopped()) {
                throw new TrainingException(
                        "%s: the SparkContext was stopped while training: %s".formatted(uid, JobFailure.reason(cause)),
                        cause);
            }
            if (JobFailure.isCancelled(cause)) {
                throw new TrainingException(uid + ": the job was cancelled while training", cause);
            }
            long reached = newestSnapshot();
            fruitless = reached > reachedBefore ? 1 : fruitless + 1;
            reachedBefore = Math.max(reached, reachedBefore);
            String reason = desk.trouble().orElseGet(() -> JobFailure.reason(cause));
            int most = plan.run().cluster().patience().maxResubmissions();
            if (fruitless > most) {
                throw new TrainingException(
                        "%s: training failed %d times in a row without progress, maxResubmissions is %d; last cause: %s"
                                .formatted(uid, fruitless, most, reason),
                        cause);
            }
            resubmissions++;
            LOG.warn(
                    "{}: training lost a worker and resumes from {}: {}",
                    uid,
                    reached != NONE ? "the newest snapshot" : "the newest checkpoint, or its beginning",
                    reason);
            reporter.tell((fit, time) -> new FitEvent.Resubmitted(fit, time, reason));
            Duration timeout = plan.run().cluster().timeout();
            preflight.replace(desk.unusableExecutors(), timeout);
            preflight.awaitSlots(timeout);
            rows.restore();
        }
    }
}
