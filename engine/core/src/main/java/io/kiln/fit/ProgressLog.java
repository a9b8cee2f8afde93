package io.kiln.fit;

import java.util.Locale;
import java.util.function.Consumer;

/** Prints the progress of a training: one line per epoch, and optionally one line every few batches. */
public final class ProgressLog implements FitHandler {
    private final Consumer<String> out;
    private final int period;
    private long begun;
    private long samples;

    /**
     * Prints one line per epoch.
     *
     * @param out receives the lines, such as {@code System.out::println}
     */
    public ProgressLog(Consumer<String> out) {
        this(out, 0);
    }

    /**
     * Prints one line per epoch, and one every few batches.
     *
     * @param out receives the lines
     * @param batches the number of batches between lines; 0 for none
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
