package io.kiln.fit;

import java.io.IOException;
import java.util.Map;

/**
 * Is notified of the events of a training and may act on them. Handlers are called in the order in which they were
 * added, all on the thread of {@link Fit#run}. An exception ends the training.
 */
public interface FitHandler {
    /**
     * Training starts.
     *
     * @param progress the training's progress; a handler that resumes may change it
     * @throws IOException if files fail
     */
    default void trainBegin(FitProgress progress) throws IOException {}

    /**
     * An earlier training is resumed; called after {@link #trainBegin} of all handlers.
     *
     * @param progress the training's progress
     * @param state this handler's {@link #state} at the end of the last epoch; empty if the checkpoint has none
     */
    default void resume(FitProgress progress, Map<String, Double> state) {}

    /**
     * An epoch starts.
     *
     * @param progress the training's progress
     * @throws IOException if files fail
     */
    default void epochBegin(FitProgress progress) throws IOException {}

    /**
     * A batch is about to be computed.
     *
     * @param progress the training's progress
     * @throws IOException if files fail
     */
    default void batchBegin(FitProgress progress) throws IOException {}

    /**
     * A batch was computed and its gradients were applied.
     *
     * @param progress the training's progress
     * @throws IOException if files fail
     */
    default void batchEnd(FitProgress progress) throws IOException {}

    /**
     * An epoch has ended; {@link FitProgress#values()} contains its mean loss and metrics, and values added by earlier
     * handlers.
     *
     * @param progress the training's progress
     * @throws IOException if files fail
     */
    default void epochEnd(FitProgress progress) throws IOException {}

    /**
     * Called after all handlers have seen the end of an epoch: the time to save the state.
     *
     * @param progress the training's progress
     * @throws IOException if files fail
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
     * @param progress the training's progress
     * @throws IOException if files fail
     */
    default void trainEnd(FitProgress progress) throws IOException {}
}
