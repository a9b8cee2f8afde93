package io.kiln.spark.job;

import io.kiln.backend.Context;
import io.kiln.backend.Device;
import io.kiln.backend.OutOfDeviceMemoryException;
import io.kiln.format.ByteChunks;
import io.kiln.kvstore.KVStoreException;
import io.kiln.kvstore.PeerFailedException;
import io.kiln.kvstore.snapshot.SnapshotStore;
import io.kiln.kvstore.transport.Endpoint;
import io.kiln.kvstore.transport.SparkTransport;
import io.kiln.kvstore.transport.Ticket;
import io.kiln.kvstore.transport.Transport;
import io.kiln.kvstore.transport.TransportOptions;
import io.kiln.spark.device.TaskDevice;
import io.kiln.spark.feed.RowsChangedException;
import io.kiln.spark.feed.WorkerRows;
import io.kiln.spark.report.EpochReport;
import io.kiln.spark.report.TrainingException;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.apache.spark.TaskContext;
import org.apache.spark.broadcast.Broadcast;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The body of a training task.
 *
 * @param plan what to train
 * @param ticket access to the driver's coordinator
 * @param attempt number of this attempt
 * @param classes number of classes; 0 for a regressor
 * @param snapshot the version to resume from; negative for none
 * @param checkpoint each worker's state in the checkpoint to resume from; empty for none
 */
record WorkerTask(
        Broadcast<TrainingPlan> plan,
        Ticket ticket,
        int attempt,
        int classes,
        long snapshot,
        List<Broadcast<ByteChunks>> checkpoint)
        implements Serializable {
    private static final Logger LOG = LoggerFactory.getLogger(WorkerTask.class);

    /** The version under which the final weights are saved: higher than any other. */
    static final long FINAL_VERSION = Long.MAX_VALUE;

    Iterator<Integer> run(Iterator<byte[]> blocks) throws Exception {
        TaskContext task = TaskContext.get();
        int rank = task.partitionId();
        TrainingPlan p = plan.value();
        DriverLink link = new DriverLink(ticket, attempt, rank);
        RunSettings.Cluster cluster = p.run().cluster();
        Device device = null;
        try {
            device = TaskDevice.ofWorker(cluster.deviceSetting());
            LOG.info(
                    "rank {} of {}: starting, attempt {}, {} cores, {}",
                    rank,
                    p.workers(),
                    attempt,
                    cluster.coresPerWorker(),
                    device);
            try (Context context = Context.open(device, cluster.coresPerWorker())) {
                train(p, rank, task, link, blocks);
            }
            LOG.info("rank {} of {}: finished", rank, p.workers());
            return List.of(rank).iterator();
        } catch (OutOfMemoryError e) { // of the heap; Spark would end the whole process
            TrainingException full = new TrainingException(heapIsFull(e));
            report(task, link, rank, device, full);
            throw full;
        } catch (Throwable e) {
            report(task, link, rank, device, e);
            throw e;
        }
    }

    /**
     * Reports to the driver why this worker stopped, unless another worker or the driver is the reason. Failures caused
     * by data, settings or code are permanent; failures of other machines may not be.
     */
    private static void report(TaskContext task, DriverLink link, int rank, Device device, Throwable e) {
        if (task.isInterrupted() || e instanceof InterruptedException || e instanceof PeerFailedException) {
            return;
        }
        DeviceTrouble trouble = DeviceTrouble.in(e, device);
        if (trouble != null) {
            tell(link, rank, l -> l.failed(withRank(trouble.message(), rank), trouble));
            return;
        }
        boolean permanent = !(e instanceof KVStoreException)
                && (e instanceof RuntimeException && !(e instanceof UncheckedIOException) || e instanceof Error);
        boolean told = e instanceof TrainingException || e instanceof RowsChangedException;
        String text = told ? e.getMessage() : describe(e);
        tell(link, rank, l -> l.failed(withRank(text, rank), permanent));
    }

    private static String withRank(String text, int rank) {
        return text + String.format(Locale.ROOT, " (rank %d)", rank);
    }

    private static void tell(DriverLink link, int rank, Consumer<DriverLink> message) {
        try {
            message.accept(link);
        } catch (RuntimeException f) {
            LOG.warn("rank {}: cannot report to the driver: {}", rank, f.getMessage());
        }
    }

    private static String heapIsFull(OutOfMemoryError e) {
        return String.format(
                Locale.ROOT,
                "training: the heap of %d MiB is full (%s); raise spark.executor.memory, in a local master spark.driver.memory",
                Runtime.getRuntime().maxMemory() >> 20,
                e.getMessage());
    }

    private static String describe(Throwable e) {
        for (Throwable t = e; t != null; t = t.getCause()) {
            if (t instanceof OutOfDeviceMemoryException) {
                return "training: weights, gradients, optimizer states and the batch need more memory than is available; lower batchSize or raise numWorkers: "
                        + t.getMessage();
            }
        }
        Throwable root = e;
        while (root.getCause() != null && root.getCause() != root) {
            root = root.getCause();
        }
        return root == e ? e.toString() : String.format(Locale.ROOT, "%s, for %s", e, root);
    }

    private void train(TrainingPlan p, int rank, TaskContext task, DriverLink link, Iterator<byte[]> blocks)
            throws Exception {
        try (WorkerRows rows = p.rows().read(rank, blocks)) {
            TransportOptions options = p.run().cluster().transportOptions(task);
            if (p.workers() == 1) {
                train(p, rank, rows, null, link, task::isInterrupted);
                return;
            }
            try (Transport transport = SparkTransport.join(
                    Endpoint.ofThisExecutor(),
                    ticket.job().attempt(attempt),
                    rank,
                    p.workers(),
                    options,
                    ticket.rendezvous(options))) {
                try {
                    train(p, rank, rows, transport, link, task::isInterrupted);
                } catch (Throwable e) {
                    transport.abort(e.toString());
                    throw e;
                }
            }
        }
    }

    private void train(
            TrainingPlan p, int rank, WorkerRows rows, Transport transport, DriverLink link, BooleanSupplier killed)
            throws IOException, InterruptedException {
        SnapshotStore store = new SnapshotStore(ticket, attempt);
        try (TrainingLoop loop = new TrainingLoop(p, classes, rank, rows, transport, killed)) {
            if (snapshot >= 0 || !checkpoint.isEmpty()) {
                try (InputStream state = snapshot >= 0
                        ? store.load(snapshot, rank).open()
                        : checkpoint.get(rank).value().open()) {
                    loop.restore(state);
                }
            }
            StepLosses losses = new StepLosses(loop.mostSteps());
            loop.run(new Saver(p, rank, loop, store, link, losses, killed));
            if (rank == 0) {
                link.finished(loop.resultEpoch(), loop.epochsDone());
            }
            store.save(FINAL_VERSION, rank, rank == 0 ? loop::saveResult : out -> {});
        }
    }

    /** Saves states and reports the progress of training to the driver. */
    private record Saver(
            TrainingPlan plan,
            int rank,
            TrainingLoop loop,
            SnapshotStore store,
            DriverLink link,
            StepLosses losses,
            BooleanSupplier killed)
            implements TrainingLoop.Observer {
        @Override
        public void step(long stepsDone, double loss, boolean epochEnd) {
            losses.add(stepsDone, loss);
            link.progress(stepsDone, loss, losses, epochEnd);
        }

        @Override
        public void snapshot(boolean epochEnd) throws InterruptedException {
            RunSettings.Saves saves = plan.run().saves();
            boolean checkpoint = epochEnd && saves.toDirectory() && loop.epochsDone() % saves.checkpointInterval() == 0;
            boolean last = loop.epochsDone() >= plan.run().epochs().maxEpochs();
            if ((last || saves.snapshotInterval() == RunSettings.Saves.NEVER) && !checkpoint) {
                return; // the final weights follow at once, or there is no executor to lose
            }
            long version = loop.version();
            store.save(version, rank, loop::save);
            if (checkpoint) {
                link.checkpoint(version, loop.epochsDone(), plan.run().cluster().timeout(), killed);
            }
        }

        @Override
        public void distributions(int epoch, SummaryFiles.Histograms histograms) {
            link.distributions(epoch, histograms);
        }

        @Override
        public void epoch(EpochReport report, EpochReport.WorkerReport worker) {
            link.epoch(report, worker);
        }
    }
}
