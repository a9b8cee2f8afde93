package io.kiln.spark.job;

/** Sees what happens to a fit, on the driver, in the thread that called {@code fit}. */
@FunctionalInterface
interface FitObserver {
    /** Called once for each event, in their order. An exception ends the fit. */
    void on(FitEvent event);
}
