package io.kiln.optim;

/**
 * The factor on the loss that keeps small gradients from vanishing in float16: it grows after so many steps without
 * overflow and shrinks with every overflow, whose step is left out. P. Micikevicius et al., ICLR 2018.
 *
 * <p>Concurrency: one thread.
 */
public final class LossScaler {
    private final Settings settings;
    private State state;

    /**
     * How the scale moves.
     *
     * @param initial the scale at the beginning, above 0
     * @param factor by what it grows and shrinks, above 1
     * @param window steps without overflow after which it grows, at least 1
     * @param most the scale beyond which it does not grow
     */
    public record Settings(double initial, double factor, long window, double most) {
        /**
         * Checks the settings.
         *
         * @throws IllegalArgumentException when one is out of range
         */
        public Settings {
            Check.positive("lossScaler", "initial", initial);
            Check.positive("lossScaler", "window", window);
            if (!(factor > 1 && most >= initial)) {
                throw new IllegalArgumentException("lossScaler: factor must be > 1 and most >= initial, got factor "
                        + factor + ", initial " + initial + ", most " + most);
            }
        }

        /** MXNet's: from 2¹⁶, twice as much after 2,000 clean steps, half with an overflow, 2²⁴ at most. */
        public Settings() {
            this(0x1p16, 2, 2000, 0x1p24);
        }
    }

    /**
     * What is remembered between steps.
     *
     * @param scale the scale now
     * @param clean steps without overflow since it last moved
     */
    public record State(double scale, long clean) {}

    /**
     * Begins with the initial scale.
     *
     * @param settings how the scale moves
     */
    public LossScaler(Settings settings) {
        this.settings = settings;
        this.state = new State(settings.initial, 0);
    }

    /**
     * The factor on the loss of the next step.
     *
     * @return the scale
     */
    public double scale() {
        return state.scale;
    }

    /**
     * Moves the scale after a step.
     *
     * @param overflow whether a gradient was not finite
     */
    public void observe(boolean overflow) {
        if (overflow) {
            state = new State(state.scale / settings.factor, 0);
        } else if (state.clean + 1 >= settings.window) {
            state = new State(Math.min(state.scale * settings.factor, settings.most), 0);
        } else {
            state = new State(state.scale, state.clean + 1);
        }
    }

    /**
     * What is remembered.
     *
     * @return the state
     */
    public State state() {
        return state;
    }

    /**
     * Goes on from a remembered state.
     *
     * @param saved a state of an instance with the same settings
     */
    public void restore(State saved) {
        state = saved;
    }
}
