package io.kiln.spark;

import io.kiln.kvstore.KVStore;
import java.io.Serializable;

/**
 * The function that each worker of {@link Kiln#run} runs. It is serialized and sent to the executors with everything it
 * refers to.
 *
 * @param <T> type of the rows
 * @param <R> type of the result
 */
@FunctionalInterface
public interface WorkerLoop<T, R> extends Serializable {
    /**
     * Runs on one worker.
     *
     * @param context the worker's rank and rows
     * @param store the store that the workers share
     * @return the result, a serializable value
     * @throws Exception any failure; it ends the loop on all workers
     */
    R run(WorkerContext<T> context, KVStore store) throws Exception;
}
