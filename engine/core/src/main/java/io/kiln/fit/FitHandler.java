package io.kiln.fit;

import java.io.IOException;
import java.util.Map;

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
     * An earlier training goes on; called behind the {@link #trainBegin} of all handlers.
     *
     * @param progress where it stands
     * @param state what this handler's {@link #state} was at the end of the last epoch; empty when the checkpoint holds none
     */
    default void resume(FitProgress progress, Map<String, Double> state) {}

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
     * Called after all handlers have seen the end of an epoch: the time to save the state.
     *
     * @param progress where training stands
     * @throws IOException when files fail
     */
    default void epochDone(FitProgress progress) throws IOException {}

    /**
     * The state from which {@link #resume} continues. Handlers are distinguished by class and order.
     *
     * @return numbers by name; empty if the handler keeps nothing between epochs
     */
    default Map<String, Double> state() {
        return Map.of();
    }

    /**
     * Training has ended, by itself or because of a handler; not called after an error.
     *
     * @param progress where training stands
     * @throws IOException when files fail
     */
    default void trainEnd(FitProgress progress) throws IOException {}
}
