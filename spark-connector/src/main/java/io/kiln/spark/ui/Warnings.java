package io.kiln.spark.ui;

import io.kiln.spark.report.EpochReport;
import io.kiln.spark.ui.internal.Format;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Finds what slows a fit down or puts it at risk, by fixed rules over its newest epoch. */
final class Warnings {
    static final double SLOW_WORKER = 1.5;
    static final double SLOW_SECONDS = 0.1;
    static final double FEED_BOUND = 0.25;
    static final double EXCHANGE_BOUND = 0.5;
    static final double CLIPPED = 0.5;

    private Warnings() {}

    /**
     * A warning.
     *
     * @param text the observation and the remedy
     * @param rule the condition of the warning
     */
    record Warning(String text, String rule) {}

    static List<Warning> of(FitRecord fit) {
        List<Warning> list = new ArrayList<>();
        EpochReport e = fit.newest();
        if (e != null) {
            slowWorker(list, e);
            bound(list, e);
            if (e.gradients().clipped() > CLIPPED * e.steps()) {
                add(
                        list,
                        format(
                                "Gradients were clipped in %d of %d steps: the bound, more than the learning rate, determines the size of"
                                        + " a step; raise gradientClipNorm or lower learningRate.",
                                e.gradients().clipped(), e.steps()),
                        format("clipped in more than %s of an epoch's steps", Format.percent(CLIPPED)));
            }
            if (e.gradients().skipped() > 0) {
                add(
                        list,
                        format(
                                "%d of %d steps were skipped because float16 gradients overflowed; the loss scale is now %s."
                                        + " A few at the beginning are harmless; otherwise use precision bfloat16.",
                                e.gradients().skipped(),
                                e.steps(),
                                Format.count(e.gradients().lossScale())),
                        "any step skipped in the newest epoch");
            }
        }
        if (!fit.resubmissions().isEmpty()) {
            add(
                    list,
                    format(
                            "Training resumed after losing a worker, %d time(s); last: %s",
                            fit.resubmissions().size(),
                            fit.resubmissions()
                                    .get(fit.resubmissions().size() - 1)
                                    .reason()),
                    "any resubmission");
        }
        return list;
    }

    private static void slowWorker(List<Warning> list, EpochReport e) {
        int n = e.workers().size();
        double[] sorted = e.workers().stream()
                .mapToDouble(EpochReport.WorkerReport::compute)
                .sorted()
                .toArray();
        if (n < 2) {
            return;
        }
        double median = sorted[(n - 1) / 2];
        for (int rank = 0; rank < n; rank++) {
            EpochReport.WorkerReport w = e.workers().get(rank);
            if (median > 0 && w.compute() > SLOW_WORKER * median && w.compute() > median + SLOW_SECONDS) {
                add(
                        list,
                        format(
                                "Worker %d on executor %s computes %.1f times as long as the median worker, and the others wait for"
                                        + " it; check what else is running on its machine.",
                                rank, w.executor(), w.compute() / median),
                        format(
                                "more than %.1f times the median's compute time, and %.1f s more in an epoch",
                                SLOW_WORKER, SLOW_SECONDS));
            }
        }
    }

    private static void bound(List<Warning> list, EpochReport e) {
        double feed = 0;
        double exchange = 0;
        double all = 0;
        for (EpochReport.WorkerReport w : e.workers()) {
            feed += w.feed();
            exchange += w.exchange();
            all += w.feed() + w.compute() + w.exchange();
        }
        if (feed > FEED_BOUND * all) {
            add(
                    list,
                    format(
                            "Workers wait for batches %s of their time; give packed rows more memory (storageLevel,"
                                    + " spark.memory.fraction), or faster disks.",
                            Format.percent(feed / all)),
                    format("more than %s of the workers' time is feed", Format.percent(FEED_BOUND)));
        }
        if (exchange > EXCHANGE_BOUND * all) {
            add(
                    list,
                    format(
                            "Workers wait for each other %s of their time; a larger batchSize or fewer workers compute more per"
                                    + " exchange.",
                            Format.percent(exchange / all)),
                    format("more than %s of the workers' time is exchange", Format.percent(EXCHANGE_BOUND)));
        }
    }

    private static void add(List<Warning> list, String text, String rule) {
        list.add(new Warning(text, rule));
    }

    private static String format(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
