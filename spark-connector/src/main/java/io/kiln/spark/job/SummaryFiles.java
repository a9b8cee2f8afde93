package io.kiln.spark.job;

import io.kiln.graph.Graph;
import io.kiln.spark.report.EpochReport;
import io.kiln.spark.report.FitEvent;
import io.kiln.spark.tensorboard.EventFile;
import io.kiln.spark.tensorboard.ValueHistogram;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes a fit to TensorBoard files: a run below {@code summaryDir}, named after the estimator and the fit. It starts
 * with the network's graph; then come losses of steps and, per epoch, losses, metric, throughput, times of workers, and
 * histograms of weights and gradients. If the directory is not writable, the fit fails at its start; later failures are
 * logged and only end the files.
 */
final class SummaryFiles implements FitObserver, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SummaryFiles.class);
    private static final int NAME = 8;

    private final String directory;
    private final Configuration configuration;
    private final Graph graph;
    private FitEvent.Started begun;
    private EventFile file;

    /**
     * Distributions of rank 0's arrays at the end of an epoch.
     *
     * @param weights trained parameters by name
     * @param gradients gradients of its share of the last step by name; fewer if it had no rows in that step
     */
    record Histograms(Map<String, ValueHistogram> weights, Map<String, ValueHistogram> gradients) {
        /** Copies the maps, sorted by name. */
        Histograms {
            weights = new TreeMap<>(weights);
            gradients = new TreeMap<>(gradients);
        }
    }

    /**
     * Writes nothing until the fit begins.
     *
     * @param directory the destination; empty for none
     * @param configuration configuration of its file system
     * @param graph the network
     */
    SummaryFiles(String directory, Configuration configuration, Graph graph) {
        this.directory = directory;
        this.configuration = configuration;
        this.graph = graph;
    }

    @Override
    public void on(FitEvent event) {
        if (event instanceof FitEvent.Started s && !directory.isEmpty()) {
            begun = s;
            String run = s.uid() + "-" + s.fit().substring(0, NAME);
            file = new EventFile(new Path(directory, run).toString(), configuration);
            file.graph(s.time(), graph);
            file.flush();
        } else if (event instanceof FitEvent.Steps s) {
            attempt(() -> s.points().forEach(p -> file.scalar(s.time(), p.step(), "loss/step", p.loss())));
        } else if (event instanceof FitEvent.EpochEnded e) {
            attempt(() -> {
                write(e.time(), e.report());
                file.flush();
            });
        }
    }

    /** Writes, if there is a file. After a failure nothing more is written: a fit is worth more than its curves. */
    private void attempt(Runnable writing) {
        if (file != null) {
            try {
                writing.run();
            } catch (UncheckedIOException e) {
                LOG.warn("{}; the fit continues without writing any more of them", e.getMessage());
                giveUp();
            }
        }
    }

    private void giveUp() {
        EventFile broken = file;
        file = null;
        try {
            broken.close();
        } catch (UncheckedIOException e) {
            LOG.debug("closing a file that could not be written", e);
        }
    }

    private void write(long time, EpochReport r) {
        long step = step(r.epoch());
        scalar(time, step, "loss/training", r.loss());
        scalar(time, step, "loss/validation", r.validationLoss());
        scalar(time, step, "metric/" + begun.plan().metric(), r.metric());
        for (EpochReport.Head h : r.heads()) {
            scalar(time, step, "loss/training of " + h.output(), h.trainingLoss());
            scalar(time, step, "loss/validation of " + h.output(), h.loss());
            if (h.hasMetric() && !r.isReported(h, begun.plan().metric())) {
                scalar(time, step, "metric/" + h.metricOf(), h.metric());
            }
        }
        scalar(time, step, "speed/rows per second", r.samplesPerSecond());
        scalar(time, step, "steps/clipped", r.gradients().clipped());
        scalar(time, step, "steps/skipped", r.gradients().skipped());
        List<EpochReport.WorkerReport> workers = r.workers();
        for (int rank = 0; rank < workers.size(); rank++) {
            EpochReport.WorkerReport w = workers.get(rank);
            String tag = "worker " + rank + "/";
            scalar(time, step, tag + "feed seconds", w.feed());
            scalar(time, step, tag + "compute seconds", w.compute());
            scalar(time, step, tag + "exchange seconds", w.exchange());
            scalar(time, step, tag + "array bytes", w.arrayBytes());
            if (w.device() != null) {
                scalar(time, step, tag + "device bytes", w.device().peakBytes());
                if (w.device().usage() != null) {
                    scalar(
                            time,
                            step,
                            tag + "device utilisation",
                            w.device().usage().utilisation());
                    scalar(
                            time,
                            step,
                            tag + "device bytes of all processes",
                            w.device().usage().usedBytes());
                }
            }
        }
    }

    private void scalar(long time, long step, String tag, double value) {
        if (Double.isFinite(value)) {
            file.scalar(time, step, tag, value);
        }
    }

    void write(WorkerMessage.Distributions d) {
        attempt(() -> {
            long time = System.currentTimeMillis();
            long step = step(d.epoch());
            d.histograms().weights().forEach((n, h) -> file.histogram(time, step, "weights/" + n, h));
            d.histograms().gradients().forEach((n, h) -> file.histogram(time, step, "gradients/" + n, h));
            file.flush();
        });
    }

    private long step(int epoch) {
        return (long) epoch * begun.plan().stepsPerEpoch();
    }

    @Override
    public void close() {
        attempt(() -> file.close());
    }
}
