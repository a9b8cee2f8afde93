package io.kiln.spark.ui;

import io.kiln.spark.report.EpochReport;
import io.kiln.spark.report.FitEvent;
import io.kiln.spark.report.LossPoint;
import io.kiln.spark.report.Provenance;
import io.kiln.view.Diagram;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** Fits for tests, without a Spark. */
final class Fits {
    static final long BEGUN = 1_800_000_000_000L;
    static final int STEPS = 50;

    private Fits() {}

    static FitEvent.Started started(String fit, String uid, String metric, Diagram network) {
        return new FitEvent.Started(
                fit,
                BEGUN,
                uid,
                Map.of("batchSize", "32", "optimizer", "{\"name\":\"adam\"}"),
                new FitEvent.Plan(STEPS, metric, 12_345, 5 << 20, 7 << 20),
                new Provenance(
                        new Provenance.Versions("0.2", "4.1.0", "17"),
                        "2027-01-15T08:00:00Z",
                        new Provenance.Data(1600, 400, "abc"),
                        new Provenance.Settings(7, 32, 10, 2, 1, "{}")),
                network);
    }

    static FitEvent.Started started(String fit) {
        return started(
                fit,
                "netClassifier_" + fit,
                "accuracy",
                new Diagram(
                        List.of(
                                new Diagram.Box(Diagram.Kind.INPUT, "x", "input", "[?,4]"),
                                new Diagram.Box(Diagram.Kind.BLOCK, "0", "Dense", "[?,2]")),
                        List.of(new Diagram.Arrow(0, 1))));
    }

    static EpochReport.WorkerReport worker(double feed, double compute, double exchange) {
        return new EpochReport.WorkerReport("1", feed, compute, exchange, 3 << 20, 200 << 20, null);
    }

    static EpochReport epoch(int epoch, int skipped, int clipped, EpochReport.WorkerReport... workers) {
        return new EpochReport(
                epoch,
                STEPS,
                1600,
                1.25,
                new EpochReport.Quality(2.0 / epoch, 2.5 / epoch, 1 - 0.5 / epoch),
                new EpochReport.Gradients(skipped, clipped, 65536),
                List.of(workers));
    }

    static EpochReport epoch(int epoch) {
        return epoch(epoch, 0, 0, worker(0.05, 1, 0.2), worker(0.1, 1.1, 0.05));
    }

    /** A fit of ten epochs, of which some are done. */
    static FitRecord running(int epochs, EpochReport... more) {
        List<EpochReport> all = new ArrayList<>(
                IntStream.rangeClosed(1, epochs).mapToObj(Fits::epoch).toList());
        all.addAll(List.of(more));
        long step = (long) all.size() * STEPS;
        return new FitRecord(
                started("f"),
                step,
                BEGUN + 25 * step,
                all,
                LongStream.rangeClosed(1, step)
                        .mapToObj(s -> new LossPoint(s, 2.3 / Math.sqrt(s)))
                        .toList(),
                List.of(),
                null);
    }

    static FitRecord ended(FitRecord fit, FitEvent.Outcome outcome, String message, int resultEpoch) {
        return new FitRecord(
                fit.started(),
                fit.step(),
                fit.time(),
                fit.epochs(),
                fit.steps(),
                fit.resubmissions(),
                new FitEvent.Ended(fit.key(), fit.time(), outcome, message, resultEpoch));
    }
}
