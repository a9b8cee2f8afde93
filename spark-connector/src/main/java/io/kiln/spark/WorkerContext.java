package io.kiln.spark;

import org.apache.spark.TaskContext;

/**
 * One worker of {@link Kiln#run}.
 *
 * @param rank this worker's rank, from 0
 * @param workers number of workers
 * @param rows this worker's rows, which can be read once
 * @param task the Spark task
 * @param <T> type of the rows
 */
public record WorkerContext<T>(int rank, int workers, Iterable<T> rows, TaskContext task) {
    /**
     * Ends the loop if the job was cancelled or another worker failed. Call it now and then in loops that do not access
     * the store.
     *
     * @throws InterruptedException if this worker should stop
     */
    public void check() throws InterruptedException {
        if (task.isInterrupted()) {
            throw new InterruptedException("kiln: rank %d: the task was killed".formatted(rank));
        }
    }
}
