package io.kiln.spark.job;

import io.kiln.spark.report.FitEvent;

/** Observes the events of a fit on the driver, in the thread that called {@code fit}. */
@FunctionalInterface
interface FitObserver {
    /** Called once for each event, in order. An exception ends the fit. */
    void on(FitEvent event);
}
