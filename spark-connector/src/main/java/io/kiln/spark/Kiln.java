package io.kiln.spark;

import io.kiln.kvstore.transport.TransportOptions;
import io.kiln.spark.job.CustomJob;
import java.time.Duration;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.rdd.RDD;

/**
 * Runs custom training loops on the executors, with a KVStore between the workers.
 *
 * <pre>{@code
 * List<Double> losses = Kiln.run(rdd, 2, (ctx, kv) -> {
 *     kv.init("w", w);
 *     for (Row row : ctx.rows()) { … kv.pushPull("w", gradient) … }
 *     return loss;
 * });
 * }</pre>
 *
 * <p>All workers run at the same time, in one barrier stage; the loss of one ends the others. Nothing is retried: a
 * loop must save whatever it needs to resume.
 *
 * <p>The thread that runs a loop is a member of its workers' {@linkplain io.kiln.op.distributed.Workers group}, so that
 * {@link io.kiln.nn.SyncBatchNorm} sums over them; in that case all workers must run the same number of steps.
 */
public final class Kiln {
    /** In place of a number of cores: as many as Spark gives a task, {@code spark.task.cpus}. */
    public static final int TASK_CPUS = 0;

    private static final Duration TIMEOUT = Duration.ofMinutes(10);

    private Kiln() {}

    /**
     * Runs a loop on workers, each with {@code spark.task.cpus} cores and waiting at most ten minutes for the others.
     *
     * @param <T> type of the rows
     * @param <R> type of the results
     * @param rows the input; repartitioned if it does not have one partition per worker
     * @param workers number of workers
     * @param loop runs on each worker
     * @return the workers' results, by rank
     * @throws IllegalStateException if the cluster cannot run that many workers at once
     * @throws io.kiln.spark.report.TrainingException if a worker fails; names its rank and the cause
     */
    public static <T, R> List<R> run(JavaRDD<T> rows, int workers, WorkerLoop<T, R> loop) {
        return run(rows, workers, TASK_CPUS, TIMEOUT, loop);
    }

    /**
     * Runs a loop on workers.
     *
     * @param <T> type of the rows
     * @param <R> type of the results
     * @param rows the input; repartitioned if it does not have one partition per worker
     * @param workers number of workers
     * @param cores cores, and engine threads, of each worker; {@link #TASK_CPUS} for {@code spark.task.cpus}
     * @param timeout how long workers wait for each other
     * @param loop runs on each worker
     * @return the workers' results, by rank
     */
    public static <T, R> List<R> run(JavaRDD<T> rows, int workers, int cores, Duration timeout, WorkerLoop<T, R> loop) {
        return run(rows, workers, cores, timeout, TransportOptions.DEFAULT.heartbeatTimeout(), loop);
    }

    /**
     * Runs a loop on workers that may be suspended for a while, as in long garbage collections.
     *
     * @param <T> type of the rows
     * @param <R> type of the results
     * @param rows the input; repartitioned if it does not have one partition per worker
     * @param workers number of workers
     * @param cores cores, and engine threads, of each worker; {@link #TASK_CPUS} for {@code spark.task.cpus}
     * @param timeout how long workers wait for each other
     * @param heartbeatTimeout how long a worker may be silent before it is considered dead, at most the timeout; 1.6 s
     *     in the other methods
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
        return CustomJob.run(rows, workers, cores, timeout, heartbeatTimeout, loop);
    }

    /**
     * Runs a loop on workers, from Scala, which must know the types of a function's parameters before it reads the
     * function:
     *
     * <pre>{@code
     * val losses = Kiln.run(rdd, 2) { (ctx, kv) => … }
     * }</pre>
     *
     * @param <T> type of the rows
     * @param rows the input; repartitioned if it does not have one partition per worker
     * @param workers number of workers
     * @return an object that takes the loop and runs it
     */
    public static <T> ScalaRun<T> run(RDD<T> rows, int workers) {
        return new ScalaRun<>(rows, workers);
    }
}
