package io.kiln.fit;

import java.util.Locale;
import java.util.Map;

/**
 * Stops training when a value has not improved for some epochs. NaN is not an improvement; epochs without the value, as
 * with a validation only every few epochs, do not count.
 *
 * <p>L. Prechelt: Early Stopping — But When?, 1998.
 */
public final class EarlyStopping implements FitHandler {
    private final Monitored monitored;
    private final int patience;
    private final double difference;
    private double best;
    private int waited;

    /**
     * Stops if no epoch is better.
     *
     * @param monitored the value to compare
     * @param patience number of consecutive epochs without a better value after which to stop, at least 1
     */
    public EarlyStopping(Monitored monitored, int patience) {
        this(monitored, patience, 0);
    }

    /**
     * Stops if no epoch is better by more than a difference.
     *
     * @param monitored the value to compare
     * @param patience number of consecutive epochs without a better value after which to stop, at least 1
     * @param difference the minimum difference of a better value, at least 0
     */
    public EarlyStopping(Monitored monitored, int patience, double difference) {
        if (patience < 1 || !(difference >= 0)) {
            throw new IllegalArgumentException("earlyStopping: needs patience >= 1 and difference >= 0, got patience "
                    + patience + ", difference " + difference);
        }
        this.monitored = monitored;
        this.patience = patience;
        this.difference = difference;
    }

    @Override
    public void trainBegin(FitProgress progress) {
        best = Double.NaN;
        waited = 0;
        observe(progress);
    }

    private void observe(FitProgress progress) {
        progress.history().forEach(epoch -> {
            Double value = epoch.get(monitored.name());
            if (value != null) {
                observe(value);
            }
        });
    }

    /** Evaluates the epochs of the earlier training again if the checkpoint has no state. */
    @Override
    public void resume(FitProgress progress, Map<String, Double> state) {
        best = state.getOrDefault("best", Double.NaN);
        waited = state.getOrDefault("waited", 0.0).intValue();
        if (state.isEmpty()) {
            observe(progress);
        }
        stopInTime(progress);
    }

    @Override
    public Map<String, Double> state() {
        return Map.of("best", best, "waited", (double) waited);
    }

    @Override
    public void epochEnd(FitProgress progress) {
        monitored.in(progress).ifPresent(this::observe);
        stopInTime(progress);
    }

    private void stopInTime(FitProgress progress) {
        if (waited >= patience) {
            progress.stop(String.format(
                    Locale.ROOT, "%s has not become better than %s for %d epochs", monitored.name(), best, waited));
        }
    }

    private void observe(double value) {
        if (monitored.isBetter(value, best, difference)) {
            best = value;
            waited = 0;
        } else {
            waited++;
        }
    }
}
