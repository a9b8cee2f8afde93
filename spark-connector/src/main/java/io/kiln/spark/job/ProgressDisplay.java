package io.kiln.spark.job;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
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
        return new ProgressDisplay(wanted ? bar(epochs, stepsPerEpoch).build() : null, stepsPerEpoch);
    }

    /** A display that writes to somewhere else than the terminal. */
    static ProgressDisplay to(ProgressBarConsumer consumer, int epochs, int stepsPerEpoch) {
        return new ProgressDisplay(
                bar(epochs, stepsPerEpoch).setConsumer(consumer).build(), stepsPerEpoch);
    }

    /** Short enough for 80 columns, with its text in the same places from first to last. */
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

    void show(long steps, double loss) {
        if (bar != null) {
            bar.stepTo(Math.min(steps, bar.getMax()));
            bar.setExtraMessage(String.format(Locale.ROOT, " epoch %3d loss %-9.4g", epoch(steps), loss));
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
