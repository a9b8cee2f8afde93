package io.kiln.spark.job;

import java.io.Serializable;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.resource.ResourceProfile;
import scala.Function1;
import scala.jdk.javaapi.CollectionConverters;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/**
 * One barrier stage: all its tasks run at the same time, or none. Spark never retries such a stage; its caller does.
 *
 * <p>Concurrency: one thread of the driver.
 */
final class BarrierStage {
    private static final long POLL_MILLIS = 20;
    private static final Duration DRAIN = Duration.ofSeconds(20);

    private BarrierStage() {}

    /** The body of a task. */
    interface Body<T, R> extends Serializable {
        Iterator<R> run(Iterator<T> rows) throws Exception;
    }

    /** What the caller does while the stage runs. */
    interface Idle {
        void tick();
    }

    /**
     * Runs a stage.
     *
     * @param rdd its input: one partition per task
     * @param profile resources of a task; null for the usual ones
     * @param body what each task does
     * @param idle called every few milliseconds while the stage runs
     * @return what the tasks gave, by partition
     * @throws ExecutionException when the stage failed; all its tasks have ended then
     * @throws InterruptedException when this thread was interrupted; the stage is cancelled and its tasks have ended then
     */
    static <T, R> List<R> run(JavaRDD<T> rdd, ResourceProfile profile, Body<T, R> body, Idle idle)
            throws ExecutionException, InterruptedException {
        JavaRDD<R> stage = barrier(rdd, body);
        if (profile != null) {
            stage = stage.withResources(profile);
        }
        try (StageWatch watch = StageWatch.open(rdd.rdd().sparkContext())) {
            return await(stage.collectAsync(), watch, idle);
        }
    }

    private static <R> List<R> await(JavaFutureAction<List<R>> job, StageWatch watch, Idle idle)
            throws ExecutionException, InterruptedException {
        boolean done = false;
        try {
            while (true) {
                try {
                    List<R> results = job.get(POLL_MILLIS, TimeUnit.MILLISECONDS);
                    done = true;
                    return results;
                } catch (TimeoutException e) {
                    idle.tick();
                } catch (CancellationException e) {
                    throw new ExecutionException(e);
                }
            }
        } finally {
            if (!done) {
                job.cancel(true);
                watch.awaitEnd(job.jobIds(), DRAIN);
            }
        }
    }

    @SuppressWarnings("unchecked")
    private static <T, R> JavaRDD<R> barrier(JavaRDD<T> rdd, Body<T, R> body) {
        ClassTag<R> tag = (ClassTag<R>) (ClassTag<?>) ClassTag$.MODULE$.Object();
        Function1<scala.collection.Iterator<T>, scala.collection.Iterator<R>> f = new Adapter<>(body);
        return rdd.rdd().barrier().mapPartitions(f, false, tag).toJavaRDD();
    }

    /** A function of Scala's from one of Java's. */
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
