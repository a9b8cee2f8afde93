package io.kiln.spark.stage;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaRDD;

/**
 * Runs Spark jobs. A job ends early when its thread is interrupted, when it is cancelled, or when none of its tasks has
 * run for a given time; its tasks have ended, too, when the call returns.
 *
 * <p>Concurrency: stateless.
 */
public final class SparkJob {
    private static final String INTERRUPT_ON_CANCEL = "spark.job.interruptOnCancel";
    private static final long POLL_MILLIS = 20;
    private static final Duration DRAIN = Duration.ofSeconds(20);

    private SparkJob() {}

    /**
     * Computes all elements of an RDD. Cancelling the job interrupts its tasks.
     *
     * @param <R> type of the elements
     * @param rdd the RDD
     * @param idle the longest time without a running task, such as while other jobs hold all slots
     * @return its elements, in the order of its partitions
     * @throws ExecutionException if the job failed or was cancelled
     * @throws TimeoutException if none of its tasks ran for {@code idle}
     * @throws InterruptedException if this thread was interrupted
     */
    public static <R> List<R> collect(JavaRDD<R> rdd, Duration idle)
            throws ExecutionException, TimeoutException, InterruptedException {
        return run(rdd.rdd().sparkContext(), rdd::collectAsync, idle);
    }

    /**
     * Computes the first element of an RDD from as few partitions as possible. Cancelling the job interrupts its tasks.
     *
     * @param <R> type of the elements
     * @param rdd the RDD
     * @param idle the longest time without a running task, such as while other jobs hold all slots
     * @return the first element, or an empty list
     * @throws ExecutionException if the job failed or was cancelled
     * @throws TimeoutException if none of its tasks ran for {@code idle}
     * @throws InterruptedException if this thread was interrupted
     */
    public static <R> List<R> first(JavaRDD<R> rdd, Duration idle)
            throws ExecutionException, TimeoutException, InterruptedException {
        return run(rdd.rdd().sparkContext(), () -> rdd.takeAsync(1), idle);
    }

    private static <R> List<R> run(SparkContext sc, Supplier<JavaFutureAction<List<R>>> submit, Duration idle)
            throws ExecutionException, TimeoutException, InterruptedException {
        String before = sc.getLocalProperty(INTERRUPT_ON_CANCEL);
        try (StageWatch watch = StageWatch.open(sc)) {
            JavaFutureAction<List<R>> job;
            sc.setLocalProperty(INTERRUPT_ON_CANCEL, "true");
            try {
                job = submit.get();
            } finally {
                sc.setLocalProperty(INTERRUPT_ON_CANCEL, before);
            }
            return await(job, watch, () -> {}, idle);
        }
    }

    static <R> List<R> await(
            JavaFutureAction<List<R>> job, StageWatch watch, BarrierStage.Idle whileRunning, Duration idle)
            throws ExecutionException, TimeoutException, InterruptedException {
        boolean done = false;
        try {
            while (true) {
                try {
                    List<R> results = job.get(POLL_MILLIS, TimeUnit.MILLISECONDS);
                    done = true;
                    return results;
                } catch (TimeoutException e) {
                    whileRunning.tick();
                } catch (CancellationException e) {
                    throw new ExecutionException(e);
                }
                if (watch.idle(job.jobIds()).compareTo(idle) > 0) {
                    throw new TimeoutException(
                            "no task could start within %d s: other jobs hold the slots, or executors were lost"
                                    .formatted(idle.toSeconds()));
                }
            }
        } finally {
            if (!done) {
                job.cancel(true);
                watch.awaitEnd(job.jobIds(), DRAIN);
            }
        }
    }
}
