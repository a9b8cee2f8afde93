package io.kiln.spark.job;

import io.kiln.view.Diagram;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.scheduler.SparkListenerEvent;

/**
 * What happens to a fit, as the driver posts it on Spark's listener bus: any {@code SparkListener} sees it in
 * {@code onOtherEvent}, and Spark's event log keeps it, so that the history server shows fits of applications that have ended.
 * The log line per epoch, the progress bar, the tab in Spark's UI and TensorBoard files are made of these events.
 *
 * <p>Event logs hold the names of these classes and of their components: neither changes, and a component that is added later
 * is 0 or null in older logs.
 */
public sealed interface FitEvent extends SparkListenerEvent {
    /** {@return the fit; unique among all fits} */
    String fit();

    /** {@return when it happened, in milliseconds since 1970} */
    long time();

    /**
     * Workers begin to train.
     *
     * @param fit the fit
     * @param time milliseconds since 1970
     * @param uid the estimator
     * @param params the estimator's Params by name, as JSON, except for the network
     * @param plan what is trained on what
     * @param provenance versions, rows and settings
     * @param network the network
     */
    record Started(
            String fit,
            long time,
            String uid,
            Map<String, String> params,
            Plan plan,
            Provenance provenance,
            Diagram network)
            implements FitEvent {
        /** Makes the map unmodifiable, in the order of the names. */
        public Started {
            params = Collections.unmodifiableMap(new TreeMap<>(params));
        }
    }

    /**
     * What a fit trains on what.
     *
     * @param stepsPerEpoch updates in an epoch
     * @param metric name of the validation metric
     * @param parameters numbers that are trained
     * @param rowBytes bytes of the packed rows of all workers
     * @param workerBytes estimate of a worker's weights, gradients, optimizer states and values inside a step
     */
    record Plan(int stepsPerEpoch, String metric, long parameters, long rowBytes, long workerBytes) {}

    /**
     * Steps were done. There are at most a few events per second, and no more points in a fit than {@link StepLosses#MOST}.
     *
     * @param fit the fit
     * @param time milliseconds since 1970
     * @param step steps since the fit began
     * @param loss loss of the last of them on worker 0
     * @param points losses of steps that no earlier event told
     */
    record Steps(String fit, long time, long step, double loss, List<StepLosses.Point> points) implements FitEvent {
        /** Makes the list unmodifiable. */
        public Steps {
            points = List.copyOf(points);
        }

        /** {@return whether it is worth keeping; others only move a progress bar} */
        @Override
        public boolean logEvent() {
            return !points.isEmpty();
        }
    }

    /**
     * An epoch has ended on all workers.
     *
     * @param fit the fit
     * @param time milliseconds since 1970
     * @param report how it went
     */
    record EpochEnded(String fit, long time, EpochReport report) implements FitEvent {}

    /**
     * Training goes on after it has lost a worker.
     *
     * @param fit the fit
     * @param time milliseconds since 1970
     * @param reason what was lost
     */
    record Resubmitted(String fit, long time, String reason) implements FitEvent {}

    /**
     * The fit has ended.
     *
     * @param fit the fit
     * @param time milliseconds since 1970
     * @param outcome how
     * @param message why it failed; empty otherwise
     * @param resultEpoch the epoch whose weights the model has; 0 when there is no model
     */
    record Ended(String fit, long time, Outcome outcome, String message, int resultEpoch) implements FitEvent {}

    /** How a fit ends. */
    enum Outcome {
        /** With a model. */
        FINISHED,
        /** With an exception. */
        FAILED,
        /** Its job was cancelled, or its thread interrupted. */
        CANCELLED
    }
}
