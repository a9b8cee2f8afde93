package io.kiln.spark.job;

import io.kiln.backend.Backends;
import io.kiln.backend.Context;
import io.kiln.backend.Device;
import io.kiln.kvstore.GroupSum;
import io.kiln.kvstore.KVStore;
import io.kiln.kvstore.KVStoreType;
import io.kiln.kvstore.PeerFailedException;
import io.kiln.kvstore.transport.Coordinator;
import io.kiln.kvstore.transport.Endpoint;
import io.kiln.kvstore.transport.SparkTransport;
import io.kiln.kvstore.transport.Ticket;
import io.kiln.kvstore.transport.Transport;
import io.kiln.kvstore.transport.TransportOptions;
import io.kiln.op.distributed.Workers;
import io.kiln.spark.WorkerContext;
import io.kiln.spark.WorkerLoop;
import io.kiln.spark.device.TaskDevice;
import io.kiln.spark.feed.PackedData;
import io.kiln.spark.report.TrainingException;
import io.kiln.spark.stage.BarrierStage;
import java.io.Serializable;
import java.time.Duration;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.apache.spark.Dependency;
import org.apache.spark.ShuffleDependency;
import org.apache.spark.SparkContext;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.rdd.RDD;
import scala.jdk.javaapi.CollectionConverters;

/** Runs a user's loop on workers, with the same stage, checks and network as the estimators. */
public final class CustomJob {
    private CustomJob() {}

    /**
     * Runs a loop on workers.
     *
     * @param <T> type of the rows
     * @param <R> type of the results
     * @param rows the input
     * @param workers number of workers
     * @param cores cores of each; {@link RunSettings#AUTO} for {@code spark.task.cpus}
     * @param timeout how long workers wait for each other
     * @param heartbeatTimeout how long a worker may be silent before it is considered dead
     * @param loop runs on each worker
     * @return the workers' results, by rank
     */
    public static <T, R> List<R> run(
            JavaRDD<T> rows,
            int workers,
            int cores,
            Duration timeout,
            Duration heartbeatTimeout,
            WorkerLoop<T, R> loop) {
        if (workers < 1 || cores < 0 || timeout.toSeconds() < 1) {
            throw new IllegalArgumentException(
                    "run: needs workers >= 1, cores >= 0 and a timeout of a second or more, got %d, %d and %s"
                            .formatted(workers, cores, timeout));
        }
        if (heartbeatTimeout.toMillis() < 100 || heartbeatTimeout.compareTo(timeout) > 0) {
            throw new IllegalArgumentException(
                    "run: needs a heartbeatTimeout of 100 ms or more, and no more than the timeout of %s, got %s"
                            .formatted(timeout, heartbeatTimeout));
        }
        SparkContext sc = rows.rdd().sparkContext();
        RunSettings.Cluster cluster = new RunSettings.Cluster(
                workers,
                cores,
                "cpu",
                "distSync",
                "MEMORY_AND_DISK",
                new RunSettings.Patience(timeout, heartbeatTimeout, 0));
        Preflight preflight = new Preflight(sc, cluster);
        preflight.checkConfiguration();
        JavaRDD<T> dealt = PackedData.isOneStage(rows.rdd(), workers) ? rows : rows.repartition(workers);
        try (Coordinator coordinator = Coordinator.open()) {
            preflight.awaitSlots(timeout);
            ProgressDesk desk = new ProgressDesk(coordinator, workers);
            desk.begin(0);
            Worker<T, R> worker =
                    new Worker<>(coordinator.ticket(), cluster.with(preflight.cores(), preflight.device()), loop);
            try {
                return BarrierStage.run(dealt, preflight.profile(), worker::run, () -> {}, timeout);
            } catch (ExecutionException e) {
                String cause = desk.failure().orElseGet(() -> e.getCause().getMessage());
                throw new TrainingException("run: " + cause, e.getCause());
            } catch (TimeoutException e) {
                throw new TrainingException(
                        "run: " + e.getMessage() + "; raise timeout, or wait until they are free", e);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TrainingException("run: interrupted", e);
        } finally {
            removeShuffles(dealt.rdd(), rows.rdd());
        }
    }

    /** Removes the files of the shuffles between the user's RDD and the stage. */
    private static void removeShuffles(RDD<?> rdd, RDD<?> users) {
        SparkContext sc = users.sparkContext();
        if (rdd == users || sc.isStopped() || sc.cleaner().isEmpty()) {
            return;
        }
        for (Dependency<?> d : CollectionConverters.asJava(rdd.dependencies())) {
            if (d instanceof ShuffleDependency<?, ?, ?> s) {
                sc.cleaner().get().doCleanupShuffle(s.shuffleId(), true);
            } else {
                removeShuffles(d.rdd(), users);
            }
        }
    }

    /** The body of a task. */
    private record Worker<T, R>(Ticket ticket, RunSettings.Cluster cluster, WorkerLoop<T, R> loop)
            implements Serializable {
        Iterator<R> run(Iterator<T> rows) throws Exception {
            TaskContext task = TaskContext.get();
            WorkerContext<T> context = new WorkerContext<>(task.partitionId(), cluster.numWorkers(), () -> rows, task);
            try (Context own = Context.open(TaskDevice.ofWorker(cluster.deviceSetting()), cluster.coresPerWorker())) {
                return Collections.singletonList(run(context, task)).iterator();
            } catch (Throwable e) {
                if (!task.isInterrupted() && !(e instanceof PeerFailedException)) {
                    new DriverLink(ticket, 0, context.rank())
                            .failed(String.format(Locale.ROOT, "%s (rank %d)", e, context.rank()), true);
                }
                throw e;
            }
        }

        /** The type of store for the worker's device: on a GPU, weights stay there. */
        private static KVStoreType own(KVStoreType onCpu, KVStoreType onDevice) {
            return Backends.current().device().equals(Device.cpu()) ? onCpu : onDevice;
        }

        private R run(WorkerContext<T> context, TaskContext task) throws Exception {
            if (cluster.numWorkers() == 1) {
                try (KVStore store = KVStore.create(own(KVStoreType.LOCAL, KVStoreType.DEVICE), null)) {
                    return loop.run(context, store);
                }
            }
            TransportOptions options = cluster.transportOptions(task);
            try (Transport transport = SparkTransport.join(
                    Endpoint.ofThisExecutor(),
                    ticket.job().attempt(0),
                    context.rank(),
                    cluster.numWorkers(),
                    options,
                    ticket.rendezvous(options))) {
                try (KVStore store =
                                KVStore.create(own(KVStoreType.DIST_SYNC, KVStoreType.DIST_DEVICE_SYNC), transport);
                        GroupSum sum = new GroupSum(transport);
                        Workers.Membership group = Workers.join(sum)) {
                    return loop.run(context, store);
                } catch (Throwable e) {
                    transport.abort(e.toString());
                    throw e;
                }
            }
        }
    }
}
