package io.kiln.optim;

/**
 * Lowers the learning rate when a metric has stopped improving. A value is an improvement if it is below
 * \((1 - r) \cdot\) the best so far (above \((1 + r) \cdot\) it, if larger is better). After {@code patience}
 * consecutive values without improvement, the rate is multiplied by the factor; the next {@code coolDown} values are
 * then not counted.
 *
 * <pre>{@code
 * ReduceOnPlateau plateau = new ReduceOnPlateau(0.1, false);
 * for (…each epoch…) {
 *     trainer.setLearningRate(plateau.observe(validationLoss));
 * }
 * }</pre>
 *
 * <p>Concurrency: one thread. Like PyTorch's scheduler of this name, except that the rate is lowered at the patience-th
 * value without improvement, as in optax, not at the next one.
 */
public final class ReduceOnPlateau {
    private final Settings settings;
    private final boolean largerIsBetter;
    private State state;

    /**
     * How rates are lowered.
     *
     * @param factor factor on the rate, in (0, 1]
     * @param patience number of values without improvement that lower it, at least 1
     * @param tolerance r, minimum relative improvement, in [0, 1)
     * @param coolDown number of values after it that are not counted
     * @param minimum the lowest rate
     */
    public record Settings(double factor, long patience, double tolerance, long coolDown, double minimum) {
        /**
         * Checks the settings.
         *
         * @throws IllegalArgumentException if one is out of range
         */
        public Settings {
            Check.factor("reduceOnPlateau", factor);
            Check.positive("reduceOnPlateau", "patience", patience);
            Check.fraction("reduceOnPlateau", "tolerance", tolerance);
            Check.atLeastZero("reduceOnPlateau", "coolDown", coolDown);
            Check.atLeastZero("reduceOnPlateau", "minimum", minimum);
        }

        /** Uses the defaults: {@code factor = 0.1, patience = 10, tolerance = 1e-4, coolDown = 0, minimum = 0}. */
        public Settings() {
            this(0.1, 10, 1e-4, 0, 0);
        }
    }

    /**
     * The state between values, to be saved with a trainer's states.
     *
     * @param rate the current rate
     * @param best the best value so far; NaN before the first
     * @param waited number of values since the best
     * @param cooling number of values that will not be counted
     */
    public record State(double rate, double best, long waited, long cooling) {}

    /**
     * Starts with a rate.
     *
     * @param settings how rates are lowered
     * @param rate the initial rate
     * @param largerIsBetter whether larger values of the metric are better
     */
    public ReduceOnPlateau(Settings settings, double rate, boolean largerIsBetter) {
        Check.atLeastZero("reduceOnPlateau", "rate", rate);
        this.settings = settings;
        this.largerIsBetter = largerIsBetter;
        this.state = new State(rate, Double.NaN, 0, 0);
    }

    /**
     * Starts with a rate and the default settings.
     *
     * @param rate the initial rate
     * @param largerIsBetter whether larger values of the metric are better
     */
    public ReduceOnPlateau(double rate, boolean largerIsBetter) {
        this(new Settings(), rate, largerIsBetter);
    }

    /**
     * Adds the next value of the metric. NaN is not an improvement.
     *
     * @param value the metric's value for an epoch or a validation
     * @return the learning rate from now on
     */
    public double observe(double value) {
        boolean better = Double.isNaN(state.best)
                ? !Double.isNaN(value)
                : largerIsBetter
                        ? value > state.best + Math.abs(state.best) * settings.tolerance
                        : value < state.best - Math.abs(state.best) * settings.tolerance;
        double best = better ? value : state.best;
        long waited = better ? 0 : state.waited + 1;
        if (state.cooling > 0) {
            state = new State(state.rate, best, 0, state.cooling - 1);
        } else if (waited >= settings.patience) {
            double floor = Math.min(settings.minimum, state.rate);
            state = new State(Math.max(state.rate * settings.factor, floor), best, 0, settings.coolDown);
        } else {
            state = new State(state.rate, best, waited, 0);
        }
        return state.rate;
    }

    /**
     * Returns the state.
     *
     * @return the state
     */
    public State state() {
        return state;
    }

    /**
     * Continues from a saved state.
     *
     * @param saved a state of an instance with the same settings
     */
    public void restore(State saved) {
        state = saved;
    }
}
