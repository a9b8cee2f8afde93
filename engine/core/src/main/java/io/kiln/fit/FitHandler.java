package io.kiln.fit;

import java.io.IOException;

/**
 * Hears of a training and may act on it. Handlers are called in the order in which they were given, all on the thread of
 * {@link Fit#run}. What one throws ends the training.
 */
public interface FitHandler {
    /**
     * Training begins.
     *
     * @param progress where it stands; a handler that resumes may change that
     * @throws IOException when files fail
     */
    default void trainBegin(FitProgress progress) throws IOException {}

    /**
     * An epoch begins.
     *
     * @param progress where training stands
     * @throws IOException when files fail
     */
    default void epochBegin(FitProgress progress) throws IOException {}

    /**
     * A batch is about to be computed.
     *
     * @param progress where training stands
     * @throws IOException when files fail
     */
    default void batchBegin(FitProgress progress) throws IOException {}

    /**
     * A batch was computed and its gradients applied.
     *
     * @param progress where training stands
     * @throws IOException when files fail
     */
    default void batchEnd(FitProgress progress) throws IOException {}

    /**
     * An epoch has ended; {@link FitProgress#values()} holds its mean loss and metrics, and what handlers before have added.
     *
     * @param progress where training stands
     * @throws IOException when files fail
     */
    default void epochEnd(FitProgress progress) throws IOException {}

    /**
     * Training has ended, by itself or because of a handler; not called after an error.
     *
     * @param progress where training stands
     * @throws IOException when files fail
     */
    default void trainEnd(FitProgress progress) throws IOException {}
}
