package io.kiln.spark.ui;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.spark.report.EpochReport;
import io.kiln.spark.report.FitEvent;
import java.util.List;
import org.junit.jupiter.api.Test;

class WarningsTest {
    private static List<String> of(EpochReport... epochs) {
        return Warnings.of(Fits.running(0, epochs)).stream()
                .map(Warnings.Warning::text)
                .toList();
    }

    @Test
    void aFitThatRunsWellHasNone() {
        assertEquals(List.of(), of());
        assertEquals(List.of(), of(Fits.epoch(1)));
    }

    @Test
    void aWorkerSlowerThanTheMedianIsNamed() {
        List<String> texts =
                of(Fits.epoch(1, 0, 0, Fits.worker(0, 1, 0.6), Fits.worker(0, 1.6, 0), Fits.worker(0, 1, 0.6)));
        assertEquals(1, texts.size());
        assertTrue(texts.get(0).startsWith("Worker 1 on executor 1 computes 1.6 times"), texts.get(0));
        assertEquals(List.of(), of(Fits.epoch(1, 0, 0, Fits.worker(0, 1, 0.4), Fits.worker(0, 1.4, 0))));
    }

    @Test
    void ofTwoWorkersTheSlowerIsCompared() {
        assertEquals(
                1,
                of(Fits.epoch(1, 0, 0, Fits.worker(0, 1.6, 0), Fits.worker(0, 1, 0.6)))
                        .size());
    }

    @Test
    void momentsOfAWorkerAreNoWarning() {
        assertEquals(List.of(), of(Fits.epoch(1, 0, 0, Fits.worker(0, 0.05, 0), Fits.worker(0, 0.01, 0.04))));
    }

    @Test
    void waitingForBatchesAndForEachOtherIsToldFromAShareOn() {
        assertEquals(List.of(), of(Fits.epoch(1, 0, 0, Fits.worker(0.25, 0.75, 0))));
        String feed = of(Fits.epoch(1, 0, 0, Fits.worker(0.26, 0.74, 0))).get(0);
        assertTrue(feed.contains("wait for batches 26 %"), feed);
        assertEquals(List.of(), of(Fits.epoch(1, 0, 0, Fits.worker(0, 0.5, 0.5), Fits.worker(0, 0.5, 0.5))));
        String exchange = of(Fits.epoch(1, 0, 0, Fits.worker(0, 0.4, 0.6), Fits.worker(0, 0.4, 0.6)))
                .get(0);
        assertTrue(exchange.contains("wait for each other 60 %"), exchange);
    }

    @Test
    void clippedAndSkippedStepsAreToldOfTheNewestEpoch() {
        assertEquals(List.of(), of(Fits.epoch(1, 0, Fits.STEPS / 2, Fits.worker(0, 1, 0))));
        String clipped =
                of(Fits.epoch(1, 0, Fits.STEPS / 2 + 1, Fits.worker(0, 1, 0))).get(0);
        assertTrue(clipped.contains("clipped in 26 of 50 steps"), clipped);
        String skipped = of(Fits.epoch(1, 2, 0, Fits.worker(0, 1, 0))).get(0);
        assertTrue(skipped.contains("2 of 50 steps were skipped"), skipped);
        assertEquals(List.of(), of(Fits.epoch(1, 2, 50, Fits.worker(0, 1, 0)), Fits.epoch(2)));
    }

    @Test
    void lostWorkersAreTold() {
        FitRecord fit = Fits.running(1);
        FitRecord lost = new FitRecord(
                fit.started(),
                fit.step(),
                fit.time(),
                fit.epochs(),
                fit.steps(),
                List.of(new FitEvent.Resubmitted("f", 5, "executor 3 is gone")),
                null);
        assertTrue(Warnings.of(lost).get(0).text().endsWith("last: executor 3 is gone"));
    }
}
