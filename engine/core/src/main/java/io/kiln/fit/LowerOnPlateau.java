package io.kiln.fit;

import io.kiln.optim.ReduceOnPlateau;
import java.util.Map;

/**
 * Lowers the learning rate when a value has stopped improving, by the rule of {@link ReduceOnPlateau}. It starts with
 * the trainer's rate at the end of the first epoch, and sets the trainer's rate only to lower it. Epochs without the
 * value do not count.
 */
public final class LowerOnPlateau implements FitHandler {
    private final Monitored monitored;
    private final ReduceOnPlateau.Settings settings;
    private ReduceOnPlateau rule;

    /**
     * Divides the rate by ten after ten consecutive epochs without improvement.
     *
     * @param monitored the value to compare
     */
    public LowerOnPlateau(Monitored monitored) {
        this(monitored, new ReduceOnPlateau.Settings());
    }

    /**
     * Lowers the rate according to settings.
     *
     * @param monitored the value to compare
     * @param settings how rates are lowered
     */
    public LowerOnPlateau(Monitored monitored, ReduceOnPlateau.Settings settings) {
        this.monitored = monitored;
        this.settings = settings;
    }

    @Override
    public void epochEnd(FitProgress progress) {
        monitored.in(progress).ifPresent(value -> {
            double before = progress.trainer().learningRate();
            if (rule == null) {
                rule = new ReduceOnPlateau(settings, before, monitored.largerIsBetter());
            }
            double old = rule.state().rate();
            double rate = rule.observe(value);
            if (rate != old) {
                progress.trainer().setLearningRate(rate);
            }
        });
    }

    @Override
    public void resume(FitProgress progress, Map<String, Double> state) {
        rule = null;
        if (!state.isEmpty()) {
            rule = new ReduceOnPlateau(settings, state.get("rate"), monitored.largerIsBetter());
            rule.restore(new ReduceOnPlateau.State(
                    state.get("rate"),
                    state.get("best"),
                    state.get("waited").longValue(),
                    state.get("cooling").longValue()));
        }
    }

    @Override
    public Map<String, Double> state() {
        if (rule == null) {
            return Map.of();
        }
        ReduceOnPlateau.State s = rule.state();
        return Map.of(
                "rate", s.rate(), "best", s.best(), "waited", (double) s.waited(), "cooling", (double) s.cooling());
    }
}
