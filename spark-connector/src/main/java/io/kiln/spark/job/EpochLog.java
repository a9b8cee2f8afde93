package io.kiln.spark.job;

import io.kiln.spark.report.EpochReport;
import io.kiln.spark.report.FitEvent;
import io.kiln.spark.report.Provenance;
import java.util.Comparator;
import java.util.Locale;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes the driver's log of a fit: a line at the start, one per epoch, and one at the end. */
final class EpochLog implements FitObserver {
    private static final Logger LOG = LoggerFactory.getLogger(EpochLog.class);

    private FitEvent.Started begun;
    private int epochs;

    @Override
    public void on(FitEvent event) {
        if (event instanceof FitEvent.Started s) {
            begun = s;
            Provenance p = s.provenance();
            LOG.info(
                    "{}: training on {} rows ({} for validation), batches of {}, at most {} epochs, {} workers with {} cores each",
                    s.uid(),
                    p.data().trainingRows(),
                    p.data().validationRows(),
                    p.settings().batchSize(),
                    p.settings().maxEpochs(),
                    p.settings().workers(),
                    p.settings().coresPerWorker());
        } else if (event instanceof FitEvent.EpochEnded e) {
            epochs = e.report().epoch();
            LOG.info("{}: {}", begun.uid(), line(e.report()));
        } else if (event instanceof FitEvent.Ended e && e.outcome() == FitEvent.Outcome.FINISHED) {
            LOG.info(
                    "{}: trained {} epochs in {} s, keeping the weights of epoch {}",
                    begun.uid(),
                    epochs,
                    String.format(Locale.ROOT, "%.1f", (e.time() - begun.time()) * 1e-3),
                    e.resultEpoch());
        }
    }

    private static void tell(StringBuilder line, String name, double value) {
        if (!Double.isNaN(value)) {
            line.append(String.format(Locale.ROOT, " %s %.6g", name, value));
        }
    }

    private String line(EpochReport r) {
        StringBuilder line = new StringBuilder(String.format(
                Locale.ROOT,
                "epoch %d of at most %d: loss %.6g, %.0f rows/s, %.1f s",
                r.epoch(),
                begun.provenance().settings().maxEpochs(),
                r.loss(),
                r.samplesPerSecond(),
                r.seconds()));
        if (!Double.isNaN(r.validationLoss())) {
            line.append(String.format(Locale.ROOT, ", validation loss %.6g", r.validationLoss()));
        }
        if (!Double.isNaN(r.metric())) {
            line.append(String.format(Locale.ROOT, ", %s %.6g", begun.plan().metric(), r.metric()));
        }
        for (EpochReport.Head h : r.heads()) {
            line.append(", ").append(h.output()).append(':');
            tell(line, "loss", h.trainingLoss());
            tell(line, "validation loss", h.loss());
            if (h.hasMetric()) {
                tell(line, h.metricName(), h.metric());
            }
        }
        if (r.gradients().skipped() > 0) {
            line.append(String.format(
                    Locale.ROOT,
                    ", %d steps skipped, loss scale %.4g",
                    r.gradients().skipped(),
                    r.gradients().lossScale()));
        }
        r.workers().stream()
                .map(EpochReport.WorkerReport::device)
                .filter(Objects::nonNull)
                .max(Comparator.comparingDouble(d -> (double) d.peakBytes() / d.budgetBytes()))
                .ifPresent(d -> line.append(String.format(
                        Locale.ROOT,
                        ", %s uses up to %d of %d MiB%s",
                        d.name(),
                        d.peakBytes() >> 20,
                        d.budgetBytes() >> 20,
                        d.usage() == null
                                ? ""
                                : String.format(
                                        Locale.ROOT,
                                        ", %.0f %% busy",
                                        100 * d.usage().utilisation()))));
        return line.toString();
    }
}
