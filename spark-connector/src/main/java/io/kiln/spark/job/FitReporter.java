package io.kiln.spark.job;

import io.kiln.spark.report.EpochReport;
import io.kiln.spark.report.FitEvent;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.apache.spark.SparkContext;

/**
 * Turns workers' reports into events and passes them to the observers and to Spark's listener bus.
 *
 * <p>Concurrency: one thread.
 */
final class FitReporter {
    private final SparkContext sc;
    private final String fit = UUID.randomUUID().toString();
    private final List<FitObserver> observers;
    private int told;

    FitReporter(SparkContext sc, List<FitObserver> observers) {
        this.sc = sc;
        this.observers = List.copyOf(observers);
    }

    /** Creates an event that belongs to a fit. */
    @FunctionalInterface
    interface Maker {
        /** Creates the event. */
        FitEvent make(String fit, long time);
    }

    /** The training of a fit, with the exceptions it may throw. */
    @FunctionalInterface
    interface Training<T> {
        /** Runs it. */
        T run() throws ExecutionException, TimeoutException, InterruptedException;
    }

    /** Runs the training; if it throws, reports how it ended. */
    <T> T watch(Training<T> training) throws ExecutionException, TimeoutException, InterruptedException {
        try {
            return training.run();
        } catch (ExecutionException | TimeoutException | InterruptedException | RuntimeException | Error e) {
            boolean cancelled = e instanceof InterruptedException || JobFailure.isCancelled(e);
            post(new FitEvent.Ended(
                    fit,
                    System.currentTimeMillis(),
                    cancelled ? FitEvent.Outcome.CANCELLED : FitEvent.Outcome.FAILED,
                    e.getMessage() == null ? e.toString() : e.getMessage(),
                    0));
            throw e;
        }
    }

    private void post(FitEvent event) {
        if (event.logEvent() && !sc.isStopped()) {
            sc.listenerBus().post(event);
        }
    }

    void tell(Maker maker) {
        FitEvent event = maker.make(fit, System.currentTimeMillis());
        post(event);
        observers.forEach(o -> o.on(event));
    }

    /** The last reported epoch. */
    int told() {
        return told;
    }

    /**
     * Takes the epochs from a checkpoint: observers see them as part of the fit, but the estimator's listener was
     * called for them before.
     */
    void restore(List<EpochReport> reports) {
        reports.stream().filter(r -> r.epoch() > told).forEach(r -> {
            told = r.epoch();
            post(new FitEvent.EpochEnded(fit, System.currentTimeMillis(), r));
        });
    }

    /** Reports new epochs. */
    void tell(List<EpochReport> reports) {
        for (EpochReport r : reports) {
            if (r.epoch() > told) {
                told = r.epoch();
                tell((f, time) -> new FitEvent.EpochEnded(f, time, r));
            }
        }
    }
}
