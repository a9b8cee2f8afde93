package io.kiln.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.spark.report.EpochReport;
import io.kiln.spark.report.FitEvent;
import io.kiln.spark.report.TrainingException;
import io.kiln.spark.report.TrainingSummary;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerEvent;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What a fit posts on Spark's listener bus. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FitEventsTest {
    private Cluster cluster;

    @BeforeAll
    void start() {
        cluster = Cluster.local(2);
    }

    @AfterAll
    void stop() {
        cluster.close();
    }

    /** The events of what runs. */
    private List<FitEvent> events(Runnable fit) throws Exception {
        List<FitEvent> events = Collections.synchronizedList(new ArrayList<>());
        SparkListener listener = new SparkListener() {
            @Override
            public void onOtherEvent(SparkListenerEvent event) {
                if (event instanceof FitEvent e) {
                    events.add(e);
                }
            }
        };
        var sc = cluster.session().sparkContext();
        sc.addSparkListener(listener);
        try {
            fit.run();
            cluster.awaitListeners();
            return List.copyOf(events);
        } finally {
            sc.removeSparkListener(listener);
        }
    }

    private static <E extends FitEvent> List<E> of(Class<E> kind, List<FitEvent> events) {
        return events.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    @Test
    void aFitTellsWhatTheSummaryTells() throws Exception {
        List<TrainingSummary> summaries = new ArrayList<>();
        List<FitEvent> events = events(() -> {
            for (int i = 0; i < 2; i++) {
                summaries.add(cluster.classifier()
                        .setNumWorkers(2)
                        .setValidationIndicatorCol("held")
                        .setGradientClipNorm(0.001)
                        .fit(cluster.data(400))
                        .summary());
            }
        });
        List<FitEvent.Started> started = of(FitEvent.Started.class, events);
        assertEquals(2, started.size());
        assertNotEquals(started.get(0).fit(), started.get(1).fit());
        for (int i = 0; i < 2; i++) {
            FitEvent.Started s = started.get(i);
            List<FitEvent> own =
                    events.stream().filter(e -> e.fit().equals(s.fit())).toList();
            assertEquals(s, own.get(0));
            assertEquals(summaries.get(i).provenance(), s.provenance());
            assertEquals("32", s.params().get("batchSize"));
            assertEquals(20 * 32 + 32 + 32 * 4 + 4, s.plan().parameters());
            assertEquals("accuracy", s.plan().metric());
            assertEquals(4, s.network().boxes().size());
            List<EpochReport> reports = of(FitEvent.EpochEnded.class, own).stream()
                    .map(FitEvent.EpochEnded::report)
                    .toList();
            assertEquals(summaries.get(i).epochs(), reports);
            for (EpochReport r : reports) {
                assertEquals(r.steps(), r.gradients().clipped());
                assertEquals(2, r.workers().size());
                assertTrue(r.workers().stream()
                        .allMatch(w -> w.executor().equals("driver") && w.arrayBytes() > 0 && w.heapBytes() > 0));
            }
            List<Long> steps = of(FitEvent.Steps.class, own).stream()
                    .flatMap(e -> e.points().stream().map(p -> p.step()))
                    .toList();
            int all = 3 * s.plan().stepsPerEpoch();
            assertEquals(all, steps.get(steps.size() - 1).intValue());
            assertEquals(steps.stream().sorted().distinct().toList(), steps);
            FitEvent.Ended end = of(FitEvent.Ended.class, own).get(0);
            assertEquals(end, own.get(own.size() - 1));
            assertEquals(FitEvent.Outcome.FINISHED, end.outcome());
            assertEquals(summaries.get(i).bestEpoch(), end.resultEpoch());
        }
    }

    @Test
    void aFailedFitTellsWhy() throws Exception {
        List<FitEvent> events = events(() -> assertThrows(TrainingException.class, () -> cluster.classifier()
                .setOptimizer("sgd")
                .setLearningRate(1e30)
                .fit(cluster.data(400))));
        FitEvent.Ended end = of(FitEvent.Ended.class, events).get(0);
        assertEquals(FitEvent.Outcome.FAILED, end.outcome());
        assertTrue(end.message().contains("training diverged"), end.message());
    }

    @Test
    void aListenersExceptionIsAFailure() throws Exception {
        List<FitEvent> events = events(() -> assertThrows(IllegalStateException.class, () -> cluster.classifier()
                .setEpochListener(r -> {
                    throw new IllegalStateException("enough");
                })
                .fit(cluster.data(100))));
        FitEvent.Ended end = of(FitEvent.Ended.class, events).get(0);
        assertEquals(FitEvent.Outcome.FAILED, end.outcome());
        assertEquals("enough", end.message());
    }
}
