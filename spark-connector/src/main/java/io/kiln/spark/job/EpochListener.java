package io.kiln.spark.job;

/** Follows training on the driver. */
@FunctionalInterface
public interface EpochListener {
    /** Does nothing. */
    EpochListener NONE = report -> {};

    /**
     * Called once per epoch, in order, soon after its end; not called again for epochs that a resumed training took from a
     * checkpoint or repeats after losing an executor. Runs in the thread that called {@code fit}; training does not wait for it, so
     * a slow listener lags behind. An exception ends the fit with that exception.
     *
     * @param report results of the epoch
     */
    void epochEnded(EpochReport report);
}
