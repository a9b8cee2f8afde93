package io.kiln.spark.stage;

import java.io.Serializable;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.resource.ResourceProfile;
import scala.Function1;
import scala.jdk.javaapi.CollectionConverters;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/**
 * A barrier stage: all its tasks run at the same time, or none. Spark never retries such a stage; its caller does.
 *
 * <p>Concurrency: one thread of the driver.
 */
public final class BarrierStage {
    private BarrierStage() {}

    /**
     * The body of a task.
     *
     * @param <T> type of its rows
     * @param <R> type of its results
     */
    public interface Body<T, R> extends Serializable {
        /**
         * Runs on an executor.
         *
         * @param rows the task's partition
         * @return the task's results
         * @throws Exception if the task fails
         */
        Iterator<R> run(Iterator<T> rows) throws Exception;
    }

    /** The caller's work while the stage runs. */
    public interface Idle {
        /** Called every few milliseconds. */
        void tick();
    }

    /**
     * Runs a stage.
     *
     * @param <T> type of the rows
     * @param <R> type of the results
     * @param rdd its input: one partition per task
     * @param profile resources of a task; null for Spark's defaults
     * @param body runs in each task
     * @param idle called every few milliseconds while the stage runs
     * @param slots the longest wait until all slots are free at the same time
     * @return the tasks' results, by partition
     * @throws ExecutionException if the stage failed; all its tasks have ended
     * @throws TimeoutException if the slots were not free in time; the stage is cancelled
     * @throws InterruptedException if this thread was interrupted; the stage is cancelled and its tasks have ended
     */
    public static <T, R> List<R> run(
            JavaRDD<T> rdd, ResourceProfile profile, Body<T, R> body, Idle idle, Duration slots)
            throws ExecutionException, TimeoutException, InterruptedException {
        JavaRDD<R> stage = barrier(rdd, body);
        if (profile != null) {
            stage = stage.withResources(profile);
        }
        try (StageWatch watch = StageWatch.open(rdd.rdd().sparkContext())) {
            return SparkJob.await(stage.collectAsync(), watch, idle, slots);
        }
    }

    @SuppressWarnings("unchecked")
    private static <T, R> JavaRDD<R> barrier(JavaRDD<T> rdd, Body<T, R> body) {
        ClassTag<R> tag = (ClassTag<R>) (ClassTag<?>) ClassTag$.MODULE$.Object();
        Function1<scala.collection.Iterator<T>, scala.collection.Iterator<R>> f = new Adapter<>(body);
        return rdd.rdd().barrier().mapPartitions(f, false, tag).toJavaRDD();
    }

    /** A Scala function that calls a Java one. */
    private record Adapter<T, R>(Body<T, R> body)
            implements Function1<scala.collection.Iterator<T>, scala.collection.Iterator<R>>, Serializable {
        @Override
        public scala.collection.Iterator<R> apply(scala.collection.Iterator<T> rows) {
            try {
                return CollectionConverters.asScala(body.run(CollectionConverters.asJava(rows)));
            } catch (Exception e) {
                throw Adapter.<RuntimeException>sneaky(e);
            }
        }

        @SuppressWarnings("unchecked")
        private static <E extends Exception> E sneaky(Exception e) throws E {
            throw (E) e;
        }
    }
}
