package io.kiln.spark.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.view.Diagram;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.stream.Stream;
import org.apache.spark.scheduler.SparkListenerEvent;
import org.apache.spark.util.JsonProtocol;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class FitEventTest {
    private static final Diagram NETWORK = new Diagram(
            List.of(
                    new Diagram.Box(Diagram.Kind.INPUT, "x", "input", "[?,4]"),
                    new Diagram.Box(Diagram.Kind.BLOCK, "<b>\"0\"</b>", "Dense", "[?,2]")),
            List.of(new Diagram.Arrow(0, 1)));

    static Stream<FitEvent> events() {
        EpochReport report = new EpochReport(
                3,
                10,
                320,
                1.5,
                new EpochReport.Quality(0.25, Double.NaN, Double.POSITIVE_INFINITY),
                new EpochReport.Gradients(2, 1, 65536),
                List.of(new EpochReport.WorkerReport("driver", 0.1, 1.2, 0.2, 1L << 33, 99)));
        Provenance provenance = new Provenance(
                new Provenance.Versions("0.2", "4.1.0", "17"),
                "2026-01-01T00:00:00Z",
                new Provenance.Data(320, 80, "abc"),
                new Provenance.Settings(7, 32, 5, 2, 1, "{}"));
        return Stream.of(
                new FitEvent.Started(
                        "f",
                        5,
                        "netClassifier_1",
                        Map.of("batchSize", "32", "optimizer", "{\"name\":\"adam\"}"),
                        new FitEvent.Plan(10, "accuracy", 1L << 34, 2, 3),
                        provenance,
                        NETWORK),
                new FitEvent.Steps("f", 6, 20, Double.NaN, List.of(new StepLosses.Point(20, 0.5))),
                new FitEvent.EpochEnded("f", 7, report),
                new FitEvent.Resubmitted("f", 8, "executor 1 was lost"),
                new FitEvent.Ended("f", 9, FitEvent.Outcome.FAILED, "training: the loss is NaN", 0));
    }

    @ParameterizedTest
    @MethodSource("events")
    void sparksEventLogKeepsAllOfAnEvent(FitEvent event) {
        String json = JsonProtocol.sparkEventToJsonString(event);
        assertTrue(json.contains("\"Event\":\"" + event.getClass().getName() + "\""), json);
        assertEquals(event, JsonProtocol.sparkEventFromJson(json));
    }

    @Test
    void eventsThatAreInLogsAreRead() {
        String report =
                "{\"epoch\":3,\"steps\":10,\"rows\":320,\"loss\":0.25,\"validationLoss\":\"NaN\",\"metric\":\"Infinity\","
                        + "\"seconds\":1.5,\"skipped\":2,\"clipped\":1,\"lossScale\":65536.0,\"workers\":[{\"executor\":\"driver\",\"feed\":0.1,"
                        + "\"compute\":1.2,\"exchange\":0.2,\"arrayBytes\":8589934592,\"heapBytes\":99}]}";
        String ended = "{\"Event\":\"" + FitEvent.EpochEnded.class.getName() + "\",\"fit\":\"f\",\"time\":7,\"report\":"
                + report + "}";
        assertEquals(events().toList().get(2), JsonProtocol.sparkEventFromJson(ended));
        String provenance =
                "\"provenance\":{\"kiln\":\"0.2\",\"spark\":\"4.1.0\",\"java\":\"17\",\"fitted\":\"2026-01-01T00:00:00Z\",\"trainingRows\":320,"
                        + "\"validationRows\":80,\"dataFingerprint\":\"abc\",\"seed\":7,\"batchSize\":32,\"maxEpochs\":5,\"workers\":2,"
                        + "\"coresPerWorker\":1,\"update\":\"{}\"}";
        FitEvent started = events().toList().get(0);
        String written = JsonProtocol.sparkEventToJsonString(started);
        String old = written.replaceFirst("\"provenance\":\\{.*?\\{}\"}", Matcher.quoteReplacement(provenance));
        assertEquals(started, JsonProtocol.sparkEventFromJson(old));
    }

    @Test
    void eventsOfOtherVersionsAreRead() {
        String json = JsonProtocol.sparkEventToJsonString(new FitEvent.Resubmitted("f", 8, "lost"));
        SparkListenerEvent read = JsonProtocol.sparkEventFromJson(json.replace("\"time\":8", "\"added\":[1]"));
        assertEquals(new FitEvent.Resubmitted("f", 0, "lost"), read);
    }

    @Test
    void onlyStepsWithPointsAreWorthKeeping() {
        assertFalse(new FitEvent.Steps("f", 1, 3, 0.5, List.of()).logEvent());
        assertTrue(events().allMatch(FitEvent::logEvent));
    }

    private static List<StepLosses.Point> points(long steps) {
        StepLosses losses = new StepLosses(steps);
        List<StepLosses.Point> points = new ArrayList<>();
        for (long s = 1; s <= steps; s++) {
            losses.add(s, s);
            if (s % 100 == 0) {
                points.addAll(losses.take());
            }
        }
        points.addAll(losses.take());
        return points;
    }

    @Test
    void fewStepsHaveAPointEach() {
        List<StepLosses.Point> points = points(StepLosses.MOST);
        assertEquals(StepLosses.MOST, points.size());
        assertEquals(new StepLosses.Point(300, 300), points.get(299));
    }

    @Test
    void manyStepsHavePointsOfSeveral() {
        for (long steps : new long[] {StepLosses.MOST + 1, 10_000, 3_000_000}) {
            List<StepLosses.Point> points = points(steps);
            int n = points.size();
            assertTrue(n > StepLosses.MOST / 3 && n <= StepLosses.MOST, steps + " steps: " + n);
            assertEquals(new StepLosses.Point(16, 16), points.get(15));
            long before = points.get(n - 2).step();
            long last = points.get(n - 1).step();
            assertEquals((2 * steps + StepLosses.MOST - 1) / StepLosses.MOST, last - before);
            assertEquals((before + 1 + last) / 2.0, points.get(n - 1).loss());
            assertTrue(steps - last < last - before);
        }
    }

    @Test
    void stepsThatSayNothingGiveNoPoint() {
        StepLosses losses = new StepLosses(2);
        losses.add(1, Double.NaN);
        losses.add(2, 0.5);
        assertEquals(List.of(new StepLosses.Point(2, 0.5)), losses.take());
        assertEquals(List.of(), losses.take());
    }
}
