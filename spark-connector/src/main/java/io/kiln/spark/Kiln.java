package io.kiln.spark;

import io.kiln.kvstore.transport.TransportOptions;
import io.kiln.spark.job.CustomJob;
import java.time.Duration;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.rdd.RDD;

/**
 * The lower door: training loops of one's own, on the executors, with a KVStore between them.
 *
 * <pre>{@code
 * List<Double> losses = Kiln.run(rdd, 2, (ctx, kv) -> {
 *     kv.init("w", w);
 *     for (Row row : ctx.rows()) { … kv.pushPull("w", gradient) … }
 *     return loss;
 * });
 * }</pre>
 *
 * <p>All workers run at the same time, in one barrier stage; the loss of one ends the others. Nothing is tried again: a loop of
 * one's own saves what it wants to go on from.
 *
 * <p>The thread that runs a loop is in the {@linkplain io.kiln.op.distributed.Workers group} of its workers, so that
 * {@link io.kiln.nn.SyncBatchNorm} sums over them; then all workers must make equally many steps.
 */
public final class Kiln {
    private static final Duration TIMEOUT = Duration.ofMinutes(10);

    private Kiln() {}

    /**
     * Runs a loop on workers, each with the cores of {@code spark.task.cpus}, waiting at most ten minutes for each other.
     *
     * @param <T> type of the rows
     * @param <R> type of the results
     * @param rows the input; dealt out anew when it does not have one partition per worker
     * @param workers number of workers
     * @param loop what each worker does
     * @return what the workers gave, by rank
     * @throws IllegalStateException when the cluster cannot run so many workers at once
     * @throws io.kiln.spark.job.TrainingException when a worker fails; names its rank and the cause
     */
    public static <T, R> List<R> run(JavaRDD<T> rows, int workers, WorkerLoop<T, R> loop) {
        return run(rows, workers, 0, TIMEOUT, loop);
    }

    /**
     * Runs a loop on workers.
     *
     * @param <T> type of the rows
     * @param <R> type of the results
     * @param rows the input; dealt out anew when it does not have one partition per worker
     * @param workers number of workers
     * @param cores cores, and engine threads, of each; 0 for {@code spark.task.cpus}
     * @param timeout how long workers wait for each other at most
     * @param loop what each worker does
     * @return what the workers gave, by rank
     */
    public static <T, R> List<R> run(JavaRDD<T> rows, int workers, int cores, Duration timeout, WorkerLoop<T, R> loop) {
        return run(rows, workers, cores, timeout, TransportOptions.DEFAULT.heartbeatTimeout(), loop);
    }

    /**
     * Runs a loop on workers that may stand still for a while, as with long garbage collections.
     *
     * @param <T> type of the rows
     * @param <R> type of the results
     * @param rows the input; dealt out anew when it does not have one partition per worker
     * @param workers number of workers
     * @param cores cores, and engine threads, of each; 0 for {@code spark.task.cpus}
     * @param timeout how long workers wait for each other at most
     * @param heartbeatTimeout after how long without a sign of life a worker counts as dead, at most the timeout; 1.6 s in the other
     *     methods
     * @param loop what each worker does
     * @return what the workers gave, by rank
     */
    public static <T, R> List<R> run(
            JavaRDD<T> rows,
            int workers,
            int cores,
            Duration timeout,
            Duration heartbeatTimeout,
            WorkerLoop<T, R> loop) {
        return CustomJob.run(rows, workers, cores, timeout, heartbeatTimeout, loop);
    }

    /**
     * Runs a loop on workers, from Scala, where the types of a function's parameters must be known before the function is read:
     *
     * <pre>{@code
     * val losses = Kiln.run(rdd, 2) { (ctx, kv) => … }
     * }</pre>
     *
     * @param <T> type of the rows
     * @param rows the input; dealt out anew when it does not have one partition per worker
     * @param workers number of workers
     * @return what takes the loop and runs it
     */
    public static <T> ScalaRun<T> run(RDD<T> rows, int workers) {
        return new ScalaRun<>(rows, workers);
    }
}
