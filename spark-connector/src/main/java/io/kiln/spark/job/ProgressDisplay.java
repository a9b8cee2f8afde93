package io.kiln.spark.job;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * A progress bar on the driver's terminal; nothing where standard error is no terminal.
 *
 * <p>Concurrency: one thread.
 */
final class ProgressDisplay implements AutoCloseable {
    private static final int UPDATE_MILLIS = 250;

    private final ProgressBar bar;
    private final int stepsPerEpoch;

    private ProgressDisplay(ProgressBar bar, int stepsPerEpoch) {
        this.bar = bar;
        this.stepsPerEpoch = stepsPerEpoch;
    }

    static ProgressDisplay open(boolean wanted, int epochs, int stepsPerEpoch) {
        ProgressBar bar = wanted
                ? new ProgressBarBuilder()
                        .setTaskName("Training")
                        .setInitialMax((long) epochs * stepsPerEpoch)
                        .setStyle(ProgressBarStyle.ASCII)
                        .setUpdateIntervalMillis(UPDATE_MILLIS)
                        .setUnit(" steps", 1)
                        .showSpeed(new DecimalFormat("0.0", DecimalFormatSymbols.getInstance(Locale.ROOT)))
                        .build()
                : null;
        return new ProgressDisplay(bar, stepsPerEpoch);
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

    void show(long steps, double loss) {
        if (bar != null) {
            bar.stepTo(Math.min(steps, bar.getMax()));
            bar.setExtraMessage(String.format(Locale.ROOT, "  epoch %d, loss %.4f", epoch(steps), loss));
        }
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
