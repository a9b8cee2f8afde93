package io.kiln.spark.ui;

import com.fasterxml.jackson.annotation.JsonIgnore;
import io.kiln.spark.report.EpochReport;
import io.kiln.spark.report.FitEvent;
import io.kiln.spark.report.LossPoint;
import java.util.List;
import org.apache.spark.util.kvstore.KVIndex;

/**
 * A fit in the store of Spark's UI, in memory or, in a history server with {@code spark.history.store.path}, on disk.
 *
 * @param started the event that started it
 * @param step steps so far
 * @param time time of the newest event, in milliseconds since 1970
 * @param epochs its epochs, thinned out if there are many
 * @param steps its losses by step
 * @param resubmissions the losses of workers
 * @param ended the event that ended it; null while it runs
 */
record FitRecord(
        FitEvent.Started started,
        long step,
        long time,
        List<EpochReport> epochs,
        List<LossPoint> steps,
        List<FitEvent.Resubmitted> resubmissions,
        FitEvent.Ended ended) {
    static final String BY_TIME = "time";

    /** The store's key. */
    @KVIndex
    public String key() {
        return started.fit();
    }

    /** The store's order. */
    @KVIndex(BY_TIME)
    public long begun() {
        return started.time();
    }

    @JsonIgnore
    boolean isRunning() {
        return ended == null;
    }

    /** The newest epoch, or null before the first has ended. */
    EpochReport newest() {
        return epochs.isEmpty() ? null : epochs.get(epochs.size() - 1);
    }

    /** Its duration in milliseconds, or until now if it is running. */
    long duration(long now) {
        return Math.max(0, (ended == null ? now : ended.time()) - started.time());
    }

    /** The number of steps of the whole fit, if it does not end early. */
    long allSteps() {
        return (long) started.provenance().settings().maxEpochs()
                * started.plan().stepsPerEpoch();
    }
}
