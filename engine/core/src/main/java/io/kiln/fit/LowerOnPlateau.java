package io.kiln.fit;

import io.kiln.optim.ReduceOnPlateau;
import java.util.Map;

/**
 * Lowers the learning rate when a value has stopped to improve, by the rule of {@link ReduceOnPlateau}. It begins with the trainer's
 * rate at the end of the first epoch, and sets the trainer's rate only when it lowers it. Epochs without the value do not count.
 */
public final class LowerOnPlateau implements FitHandler {
    private final Monitored monitored;
    private final ReduceOnPlateau.Settings settings;
    private ReduceOnPlateau rule;

    /**
     * Lowers the rate to a tenth after ten epochs in a row without improvement.
     *
     * @param monitored by which value to judge
     */
    public LowerOnPlateau(Monitored monitored) {
        this(monitored, new ReduceOnPlateau.Settings());
    }

    /**
     * Lowers the rate as the settings say.
     *
     * @param monitored by which value to judge
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
