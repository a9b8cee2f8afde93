package io.kiln.spark.job;

import io.kiln.spark.report.FitEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * A progress bar on the driver's terminal; does nothing if standard error is not a terminal.
 *
 * <p>Concurrency: one thread.
 */
final class ProgressDisplay implements FitObserver, AutoCloseable {
    private static final int UPDATE_MILLIS = 250;

    private final ProgressBar bar;
    private final int stepsPerEpoch;
    private final int batchSize;
    private long firstStep = -1;
    private long firstTime;

    private ProgressDisplay(ProgressBar bar, int stepsPerEpoch, int batchSize) {
        this.bar = bar;
        this.stepsPerEpoch = stepsPerEpoch;
        this.batchSize = batchSize;
    }

    static ProgressDisplay open(boolean wanted, int epochs, int stepsPerEpoch, int batchSize) {
        return new ProgressDisplay(wanted ? bar(epochs, stepsPerEpoch).build() : null, stepsPerEpoch, batchSize);
    }

    /** Creates a display that does not write to the terminal. */
    static ProgressDisplay to(ProgressBarConsumer consumer, int epochs, int stepsPerEpoch, int batchSize) {
        return new ProgressDisplay(
                bar(epochs, stepsPerEpoch).setConsumer(consumer).build(), stepsPerEpoch, batchSize);
    }

    /** Fits into 80 columns, with its text in the same places from start to end. */
    private static ProgressBarBuilder bar(int epochs, int stepsPerEpoch) {
        return new ProgressBarBuilder()
                .setTaskName("fit")
                .setInitialMax((long) epochs * stepsPerEpoch)
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(UPDATE_MILLIS);
    }

    /** Whether standard error is a terminal. */
    static boolean isTerminal() {
        try {
            String target = Files.readSymbolicLink(Path.of("/proc/self/fd/2")).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }

    @Override
    public void on(FitEvent event) {
        if (bar != null && event instanceof FitEvent.Steps s) {
            if (firstStep < 0) { // the rate is that of this fit, not of the checkpoint from which it resumed
                firstStep = s.step();
                firstTime = s.time();
            }
            bar.stepTo(Math.min(s.step(), bar.getMax()));
            bar.setExtraMessage(String.format(
                    Locale.ROOT, "epoch %2d loss %-8.3g %s", epoch(s.step()), s.loss(), rate(s.step(), s.time())));
        }
    }

    private String rate(long step, long time) {
        if (step <= firstStep || time <= firstTime) {
            return "   - rows/s";
        }
        double rate = 1000.0 * (step - firstStep) * batchSize / (time - firstTime);
        return rate < 9_999
                ? String.format(Locale.ROOT, "%4.0f rows/s", rate)
                : String.format(Locale.ROOT, "%3.0fk rows/s", rate / 1000);
    }

    private long epoch(long steps) {
        return Math.max(0, steps - 1) / stepsPerEpoch + 1;
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
        }
    }
}
