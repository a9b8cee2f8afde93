package io.kiln.spark.job;

/** Is told on the driver how training goes. */
@FunctionalInterface
public interface EpochListener {
    /** Does nothing. */
    EpochListener NONE = report -> {};

    /**
     * Called once for each epoch, in their order, soon after it has ended; epochs that a resumed training took from a checkpoint or
     * repeats after a lost executor are not told again. It runs in the thread that called {@code fit}, which does not wait for it
     * before the next epoch: a slow listener is told later. An exception ends the fit with that exception.
     *
     * @param report how the epoch went
     */
    void epochEnded(EpochReport report);
}
