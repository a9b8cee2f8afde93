package io.kiln.spark.ui;

import io.kiln.spark.report.EpochReport;
import io.kiln.spark.report.FitEvent;
import io.kiln.spark.report.LossPoint;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.apache.spark.SparkConf;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerApplicationEnd;
import org.apache.spark.scheduler.SparkListenerEvent;
import org.apache.spark.status.ElementTrackingStore;
import scala.runtime.BoxedUnit;

/**
 * Writes fits to the store of Spark's UI, as their events arrive or as a history server replays them. The store keeps
 * at most {@value #RETAINED_FITS} fits (100 by default) and removes those that ended first.
 *
 * <p>Concurrency: one thread, that of the listener bus or of the replay.
 */
final class FitListener extends SparkListener {
    static final String RETAINED_FITS = "spark.kiln.ui.retainedFits";
    static final int MOST_EPOCHS = 1000;
    private static final int DEFAULT_RETAINED = 100;
    private static final int MOST_RESUBMISSIONS = 20;

    private final ElementTrackingStore store;
    private final boolean live;
    private final Map<String, Running> running = new HashMap<>();

    /** A fit that has not ended. */
    private static final class Running {
        private final FitEvent.Started started;
        private final Thinned<EpochReport> epochs = new Thinned<>(MOST_EPOCHS);
        private final List<LossPoint> steps = new ArrayList<>();
        private final List<FitEvent.Resubmitted> resubmissions = new ArrayList<>();
        private long step;
        private long time;

        Running(FitEvent.Started started) {
            this.started = started;
        }

        FitRecord toRecord(FitEvent.Ended ended) {
            return new FitRecord(
                    started, step, time, epochs.toList(), List.copyOf(steps), List.copyOf(resubmissions), ended);
        }
    }

    /**
     * Writes to a store.
     *
     * @param conf says how many fits to keep
     * @param store the store
     * @param live whether fits are shown before they end; otherwise each is written once
     */
    FitListener(SparkConf conf, ElementTrackingStore store, boolean live) {
        this.store = store;
        this.live = live;
        int retained = conf.getInt(RETAINED_FITS, DEFAULT_RETAINED);
        store.addTrigger(FitRecord.class, retained, count -> {
            removeOldest((Long) count - retained);
            return BoxedUnit.UNIT;
        });
        store.onFlush(() -> {
            running.values().forEach(r -> store.write(r.toRecord(null)));
            return BoxedUnit.UNIT;
        });
    }

    private void removeOldest(long count) {
        if (count > 0) {
            StreamSupport.stream(
                            store.view(FitRecord.class).index(FitRecord.BY_TIME).spliterator(), false)
                    .filter(r -> !r.isRunning())
                    .limit(count)
                    .toList()
                    .forEach(r -> store.delete(FitRecord.class, r.key()));
        }
    }

    @Override
    public void onOtherEvent(SparkListenerEvent event) {
        if (event instanceof FitEvent e) {
            if (e instanceof FitEvent.Started s) {
                running.put(s.fit(), new Running(s));
            }
            Running fit = running.get(e.fit());
            if (fit != null) { // the start may be missing: a queue was full, or the listener was added late
                add(fit, e);
            }
        }
    }

    private void add(Running fit, FitEvent event) {
        fit.time = event.time();
        FitEvent.Ended ended = null;
        if (event instanceof FitEvent.Steps s) {
            fit.step = s.step();
            s.points().forEach(p -> {
                fit.steps.removeIf(old -> old.step() >= p.step()); // repeated after a worker was lost
                fit.steps.add(p);
            });
        } else if (event instanceof FitEvent.EpochEnded e) {
            fit.step = Math.max(
                    fit.step, (long) e.report().epoch() * fit.started.plan().stepsPerEpoch());
            fit.epochs.add(e.report());
        } else if (event instanceof FitEvent.Resubmitted r && fit.resubmissions.size() < MOST_RESUBMISSIONS) {
            fit.resubmissions.add(r);
        } else if (event instanceof FitEvent.Ended e) {
            ended = e;
            running.remove(e.fit());
        }
        if (live || ended != null) {
            store.write(fit.toRecord(ended), event instanceof FitEvent.Started || ended != null);
        }
    }

    @Override
    public void onApplicationEnd(SparkListenerApplicationEnd end) {
        List.copyOf(running.values())
                .forEach(r -> add(
                        r,
                        new FitEvent.Ended(
                                r.started.fit(),
                                end.time(),
                                FitEvent.Outcome.CANCELLED,
                                "the application ended before the fit did",
                                0)));
    }
}
