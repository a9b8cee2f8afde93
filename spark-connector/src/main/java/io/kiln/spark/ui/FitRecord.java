package io.kiln.spark.ui;

import com.fasterxml.jackson.annotation.JsonIgnore;
import io.kiln.spark.job.EpochReport;
import io.kiln.spark.job.FitEvent;
import io.kiln.spark.job.StepLosses;
import java.util.List;
import org.apache.spark.util.kvstore.KVIndex;

/**
 * A fit as Spark's store of its UI keeps it, in memory or, in a history server with {@code spark.history.store.path}, on disk.
 *
 * @param started how it began
 * @param step steps so far
 * @param time of the newest event, in milliseconds since 1970
 * @param epochs its epochs, thinned out when there are many
 * @param steps its losses by step
 * @param resubmissions what it lost
 * @param ended how it ended; null while it runs
 */
record FitRecord(
        FitEvent.Started started,
        long step,
        long time,
        List<EpochReport> epochs,
        List<StepLosses.Point> steps,
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

    /** Milliseconds that it has taken, or takes until now. */
    long duration(long now) {
        return Math.max(0, (ended == null ? now : ended.time()) - started.time());
    }

    /** Steps of the whole fit, if it does not end early. */
    long allSteps() {
        return (long) started.provenance().maxEpochs() * started.plan().stepsPerEpoch();
    }
}
