package io.kiln.spark.report;

/** Follows training on the driver. */
@FunctionalInterface
public interface EpochListener {
    /** Does nothing. */
    EpochListener NONE = report -> {};

    /**
     * Called once per epoch, in order, soon after its end; not called again for epochs that a resumed training took
     * from a checkpoint or repeats after losing an executor. Runs in the thread that called {@code fit}; training does
     * not wait for it, so a slow listener lags behind. An exception ends the fit with that exception.
     *
     * @param report the epoch's results
     */
    void epochEnded(EpochReport report);

    /**
     * Called for every event of the fit, by the same thread, including its start and its steps, of which there are a
     * few per second.
     *
     * @param event the event
     */
    default void happened(FitEvent event) {}
}
