package io.kiln.spark.ui;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.spark.report.FitEvent;
import io.kiln.spark.report.LossPoint;
import java.lang.reflect.Constructor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.scheduler.SparkListenerApplicationEnd;
import org.apache.spark.status.ElementTrackingStore;
import org.apache.spark.status.KVUtils;
import org.apache.spark.util.kvstore.InMemoryStore;
import org.junit.jupiter.api.Test;
import scala.Option;

class FitListenerTest {
    private static final SparkConf CONF = new SparkConf(false)
            .set(FitListener.RETAINED_FITS, "3")
            .set("spark.appStateStore.asyncTracking.enable", "false");

    private final ElementTrackingStore store = new ElementTrackingStore(new InMemoryStore(), CONF);

    private List<FitRecord> fits() throws Exception {
        List<FitRecord> list = new ArrayList<>();
        store.view(FitRecord.class).index(FitRecord.BY_TIME).forEach(list::add);
        return list;
    }

    private static FitEvent.Ended ended(String fit) {
        return new FitEvent.Ended(fit, Fits.BEGUN + 1000, FitEvent.Outcome.FINISHED, "", 1);
    }

    @Test
    void aFitIsSeenWhileItRuns() throws Exception {
        FitListener listener = new FitListener(CONF, store, true);
        listener.onOtherEvent(Fits.started("a"));
        assertEquals(0, fits().get(0).step());
        listener.onOtherEvent(
                new FitEvent.Steps("a", 5, 20, 0.5, List.of(new LossPoint(10, 0.7), new LossPoint(20, 0.5))));
        listener.onOtherEvent(new FitEvent.EpochEnded("a", 6, Fits.epoch(1)));
        listener.onOtherEvent(new FitEvent.Resubmitted("a", 7, "executor 1"));
        listener.onOtherEvent(new FitEvent.Steps("a", 8, 20, 0.4, List.of(new LossPoint(20, 0.4))));
        FitRecord fit = fits().get(0);
        assertTrue(fit.isRunning());
        assertEquals(List.of(new LossPoint(10, 0.7), new LossPoint(20, 0.4)), fit.steps());
        assertEquals(List.of(Fits.epoch(1)), fit.epochs());
        assertEquals(1, fit.resubmissions().size());
        listener.onOtherEvent(ended("a"));
        assertFalse(fits().get(0).isRunning());
    }

    @Test
    void aReplayWritesAFitOnceThatItHasEnded() throws Exception {
        FitListener listener = new FitListener(CONF, store, false);
        listener.onOtherEvent(Fits.started("a"));
        listener.onOtherEvent(Fits.started("b"));
        assertEquals(List.of(), fits());
        listener.onOtherEvent(ended("a"));
        assertEquals(List.of("a"), fits().stream().map(FitRecord::key).toList());
        listener.onApplicationEnd(applicationEnd(Fits.BEGUN + 2000));
        assertEquals(2, fits().size());
        assertTrue(fits().stream().noneMatch(FitRecord::isRunning));
    }

    /** Spark 4 has added the exit code. */
    private static SparkListenerApplicationEnd applicationEnd(long time) throws Exception {
        Constructor<?> made = SparkListenerApplicationEnd.class.getConstructors()[0];
        Object[] values = {time, Option.empty()};
        return (SparkListenerApplicationEnd) made.newInstance(Arrays.copyOf(values, made.getParameterCount()));
    }

    @Test
    void fitsOfAnApplicationThatIsNotOverAreWrittenWhenTheReplayEnds() throws Exception {
        InMemoryStore kept = new InMemoryStore();
        ElementTrackingStore flushed = new ElementTrackingStore(kept, CONF);
        FitListener other = new FitListener(CONF, flushed, false);
        other.onOtherEvent(Fits.started("b"));
        flushed.close(false);
        assertEquals(1, kept.count(FitRecord.class));
    }

    @Test
    void endedFitsGoWhenThereAreTooMany() throws Exception {
        FitListener listener = new FitListener(CONF, store, true);
        listener.onOtherEvent(Fits.started("running"));
        for (int i = 0; i < 10; i++) {
            listener.onOtherEvent(Fits.started("f" + i));
            listener.onOtherEvent(ended("f" + i));
        }
        List<String> left = fits().stream().map(FitRecord::key).toList();
        assertTrue(left.size() <= 4 && left.contains("running") && left.contains("f9"), left.toString());
    }

    @Test
    void eventsWithoutABeginningAreNoFit() throws Exception {
        FitListener listener = new FitListener(CONF, store, true);
        listener.onOtherEvent(new FitEvent.EpochEnded("late", 6, Fits.epoch(1)));
        assertEquals(List.of(), fits());
    }

    @Test
    void manyEpochsAreThinnedOutToTheirFirstAndNewest() throws Exception {
        FitListener listener = new FitListener(CONF, store, true);
        listener.onOtherEvent(Fits.started("long"));
        for (int e = 1; e <= 5 * FitListener.MOST_EPOCHS; e++) {
            listener.onOtherEvent(new FitEvent.EpochEnded("long", e, Fits.epoch(e)));
            FitRecord fit = store.read(FitRecord.class, "long");
            assertTrue(fit.epochs().size() <= FitListener.MOST_EPOCHS);
            assertEquals(1, fit.epochs().get(0).epoch());
            assertEquals(e, fit.newest().epoch());
        }
        assertTrue(fits().get(0).epochs().size() > FitListener.MOST_EPOCHS / 4);
    }

    @Test
    void historyServersKeepFitsOnDisk() throws Exception {
        KVUtils.KVStoreScalaSerializer disk = new KVUtils.KVStoreScalaSerializer();
        for (FitRecord fit :
                List.of(Fits.running(0), Fits.ended(Fits.running(4), FitEvent.Outcome.FAILED, "training: <no>", 0))) {
            assertEquals(fit, disk.deserialize(disk.serialize(fit), FitRecord.class));
        }
    }
}
