package io.kiln.spark.notebook;

import io.kiln.spark.report.EpochListener;
import io.kiln.spark.report.EpochReport;
import io.kiln.spark.report.FitEvent;
import java.util.ArrayList;
import java.util.List;

/**
 * Stores the progress of a fit for a caller that polls, such as the Python package.
 *
 * <p>Concurrency: thread-safe.
 */
public final class FitWatch implements EpochListener {
    private final EpochListener beside;
    private final List<EpochReport> epochs = new ArrayList<>();
    private FitEvent.Started started;
    private long steps;
    private double loss = Double.NaN;

    /** Creates a watch. */
    public FitWatch() {
        this(EpochListener.NONE);
    }

    /**
     * Creates a watch in the place of another listener.
     *
     * @param beside the other listener, which is still told of everything, and first
     */
    public FitWatch(EpochListener beside) {
        this.beside = beside;
    }

    @Override
    public void happened(FitEvent event) {
        beside.happened(event);
        note(event);
    }

    private synchronized void note(FitEvent event) {
        if (event instanceof FitEvent.Started s) {
            started = s;
        } else if (event instanceof FitEvent.Steps s) {
            steps = s.step();
            loss = s.loss();
        } else if (event instanceof FitEvent.EpochEnded e) {
            steps = Math.max(steps, (long) e.report().epoch() * started.plan().stepsPerEpoch());
            loss = e.report().loss();
        }
    }

    @Override
    public void epochEnded(EpochReport report) {
        beside.epochEnded(report);
        synchronized (this) {
            epochs.add(report);
        }
    }

    /**
     * The number of steps so far.
     *
     * @return the number of steps
     */
    public synchronized long steps() {
        return steps;
    }

    /**
     * The maximum number of steps.
     *
     * @return the number of steps; 0 before training has begun
     */
    public synchronized long maxSteps() {
        return started == null
                ? 0
                : (long) started.provenance().settings().maxEpochs()
                        * started.plan().stepsPerEpoch();
    }

    /**
     * The most recent loss.
     *
     * @return the loss; NaN before the first step
     */
    public synchronized double loss() {
        return loss;
    }

    /**
     * The number of finished epochs.
     *
     * @return the number of epochs
     */
    public synchronized int epochs() {
        return epochs.size();
    }

    /**
     * The loss curve so far.
     *
     * @return its picture
     */
    public synchronized LossCurve curve() {
        return new LossCurve(epochs, started == null ? "metric" : started.plan().metric());
    }
}
