package io.kiln.spark;

import org.apache.spark.rdd.RDD;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Rows and workers for a loop in Scala; returned by {@link Kiln#run(RDD, int)}.
 *
 * @param <T> type of the rows
 */
public final class ScalaRun<T> {
    private final RDD<T> rows;
    private final int workers;

    ScalaRun(RDD<T> rows, int workers) {
        this.rows = rows;
        this.workers = workers;
    }

    /**
     * Runs a loop, like {@link Kiln#run(org.apache.spark.api.java.JavaRDD, int, WorkerLoop)}.
     *
     * @param <R> type of the results
     * @param loop runs on each worker
     * @return the workers' results, by rank
     */
    public <R> Seq<R> apply(WorkerLoop<T, R> loop) {
        return CollectionConverters.asScala(Kiln.run(rows.toJavaRDD(), workers, loop))
                .toSeq();
    }
}
