package io.kiln.spark.report;

import io.kiln.view.Diagram;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.scheduler.SparkListenerEvent;

/**
 * An event of a fit, as the driver posts it on Spark's listener bus: any {@code SparkListener} sees it in
 * {@code onOtherEvent}, and Spark's event log stores it, so that the history server shows fits of finished
 * applications. The log line per epoch, the progress bar, the tab in Spark's UI and TensorBoard files are based on
 * these events.
 *
 * <p>Event logs contain the names of these classes and of their components: neither changes, and a component added
 * later is 0 or null in older logs.
 */
public sealed interface FitEvent extends SparkListenerEvent {
    /** {@return the fit's id, unique among all fits} */
    String fit();

    /** {@return the time of the event, in milliseconds since 1970} */
    long time();

    /**
     * Workers start training.
     *
     * @param fit the fit's id
     * @param time milliseconds since 1970
     * @param uid the estimator's uid
     * @param params the estimator's Params by name, as JSON, except for the network
     * @param plan size and data of the training
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
        /** Makes the map unmodifiable, sorted by name. */
        public Started {
            params = Collections.unmodifiableMap(new TreeMap<>(params));
        }
    }

    /**
     * Size and data of a fit's training.
     *
     * @param stepsPerEpoch updates per epoch
     * @param metric name of the validation metric
     * @param parameters number of trained elements
     * @param rowBytes bytes of the packed rows of all workers
     * @param workerBytes estimated bytes of a worker's weights, gradients, optimizer states and intermediate results of
     *     a step
     */
    record Plan(int stepsPerEpoch, String metric, long parameters, long rowBytes, long workerBytes) {}

    /**
     * Steps were done. There are at most a few events per second, and at most {@link #MOST_POINTS} points per fit.
     *
     * @param fit the fit's id
     * @param time milliseconds since 1970
     * @param step number of steps since the fit began
     * @param loss loss of the last of them on worker 0
     * @param points losses of steps not reported by earlier events
     */
    record Steps(String fit, long time, long step, double loss, List<LossPoint> points) implements FitEvent {
        /** The maximum number of points of a fit. */
        public static final int MOST_POINTS = 512;

        /** Makes the list unmodifiable. */
        public Steps {
            points = List.copyOf(points);
        }

        /** {@return whether the event log stores it; other events only move a progress bar} */
        @Override
        public boolean logEvent() {
            return !points.isEmpty();
        }
    }

    /**
     * An epoch has ended on all workers.
     *
     * @param fit the fit's id
     * @param time milliseconds since 1970
     * @param report the epoch's results
     */
    record EpochEnded(String fit, long time, EpochReport report) implements FitEvent {}

    /**
     * Training continues after losing a worker.
     *
     * @param fit the fit's id
     * @param time milliseconds since 1970
     * @param reason what was lost
     */
    record Resubmitted(String fit, long time, String reason) implements FitEvent {}

    /**
     * The fit has ended.
     *
     * @param fit the fit's id
     * @param time milliseconds since 1970
     * @param outcome how it ended
     * @param message why it failed; empty otherwise
     * @param resultEpoch the epoch whose weights the model has; 0 if there is no model
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
