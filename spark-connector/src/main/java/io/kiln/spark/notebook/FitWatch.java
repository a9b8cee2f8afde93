package io.kiln.spark.notebook;

import io.kiln.spark.job.EpochListener;
import io.kiln.spark.job.EpochReport;
import io.kiln.spark.job.FitEvent;
import java.util.ArrayList;
import java.util.List;

/**
 * Remembers how far a fit has come, for somebody who asks now and then, such as Python's package.
 *
 * <p>Concurrency: thread-safe.
 */
public final class FitWatch implements EpochListener {
    private final List<EpochReport> epochs = new ArrayList<>();
    private FitEvent.Started started;
    private long steps;
    private double loss = Double.NaN;

    /** Begins with nothing known. */
    public FitWatch() {}

    @Override
    public synchronized void happened(FitEvent event) {
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
    public synchronized void epochEnded(EpochReport report) {
        epochs.add(report);
    }

    /**
     * The steps that were made.
     *
     * @return how many
     */
    public synchronized long steps() {
        return steps;
    }

    /**
     * The steps that training makes at most.
     *
     * @return how many; 0 before training has begun
     */
    public synchronized long maxSteps() {
        return started == null
                ? 0
                : (long) started.provenance().maxEpochs() * started.plan().stepsPerEpoch();
    }

    /**
     * The newest loss that is known.
     *
     * @return the loss; NaN before the first step
     */
    public synchronized double loss() {
        return loss;
    }

    /**
     * The epochs that have ended.
     *
     * @return how many
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
