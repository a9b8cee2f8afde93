package io.kiln.spark.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.backend.DeviceUsage;
import io.kiln.view.Diagram;
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

    private static EpochReport report(EpochReport.WorkerReport worker) {
        return new EpochReport(
                3,
                10,
                320,
                1.5,
                new EpochReport.Quality(0.25, Double.NaN, Double.POSITIVE_INFINITY),
                new EpochReport.Gradients(2, 1, 65536),
                List.of(worker));
    }

    static Stream<FitEvent> events() {
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
                new FitEvent.Steps("f", 6, 20, Double.NaN, List.of(new LossPoint(20, 0.5))),
                new FitEvent.EpochEnded(
                        "f", 7, report(new EpochReport.WorkerReport("driver", 0.1, 1.2, 0.2, 1L << 33, 99, null))),
                new FitEvent.EpochEnded(
                        "f",
                        7,
                        report(new EpochReport.WorkerReport(
                                "1",
                                0.1,
                                1.2,
                                0.2,
                                5,
                                99,
                                new EpochReport.DeviceMemory(
                                        "cuda(1)", 1L << 33, 1L << 34, 3, new DeviceUsage(0.5, 4, 5))))),
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
}
