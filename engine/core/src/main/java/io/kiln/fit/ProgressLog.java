package io.kiln.fit;

import java.util.Locale;
import java.util.function.Consumer;

/** Tells how a training goes, a line per epoch and perhaps one every so many batches. */
public final class ProgressLog implements FitHandler {
    private final Consumer<String> out;
    private final int period;
    private long begun;
    private long samples;

    /**
     * A line per epoch.
     *
     * @param out takes the lines, such as {@code System.out::println}
     */
    public ProgressLog(Consumer<String> out) {
        this(out, 0);
    }

    /**
     * A line per epoch, and one every so many batches.
     *
     * @param out takes the lines
     * @param batches how many; 0 for none
     */
    public ProgressLog(Consumer<String> out, int batches) {
        if (batches < 0) {
            throw new IllegalArgumentException("progressLog: batches must be at least 0, got " + batches);
        }
        this.out = out;
        this.period = batches;
    }

    @Override
    public void epochBegin(FitProgress p) {
        begun = System.nanoTime();
        samples = p.samples();
    }

    @Override
    public void batchEnd(FitProgress p) {
        if (period > 0 && p.batches() % period == 0) {
            say(p, "batch " + p.batches() + ": loss " + number(p.batchLoss()));
        }
    }

    @Override
    public void epochEnd(FitProgress p) {
        StringBuilder line = new StringBuilder("epoch ").append(p.epoch()).append(':');
        p.values().forEach((name, value) -> line.append(' ')
                .append(name)
                .append(' ')
                .append(number(value))
                .append(','));
        say(p, line.substring(0, line.length() - 1));
    }

    @Override
    public void trainEnd(FitProgress p) {
        p.stopped().ifPresent(reason -> out.accept("stopped: " + reason));
    }

    private void say(FitProgress p, String what) {
        double seconds = (System.nanoTime() - begun) * 1e-9;
        out.accept(String.format(Locale.ROOT, "%s (%s samples/s)", what, number((p.samples() - samples) / seconds)));
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.4g", value);
    }
}
