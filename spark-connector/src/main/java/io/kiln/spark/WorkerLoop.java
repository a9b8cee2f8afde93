package io.kiln.spark;

import io.kiln.kvstore.KVStore;
import java.io.Serializable;

/**
 * What each worker of {@link Kiln#run} does. It travels to the executors with what it refers to.
 *
 * @param <T> type of the rows
 * @param <R> type of the result
 */
@FunctionalInterface
public interface WorkerLoop<T, R> extends Serializable {
    /**
     * Runs on one worker.
     *
     * @param context the worker: its rank and its rows
     * @param store what the workers share
     * @return the result, a serializable value
     * @throws Exception anything that should end the loop on all workers
     */
    R run(WorkerContext<T> context, KVStore store) throws Exception;
}
