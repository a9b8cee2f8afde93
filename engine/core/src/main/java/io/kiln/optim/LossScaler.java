package io.kiln.optim;

/**
 * The factor on the loss that keeps small gradients from vanishing in float16: it grows after so many steps without
 * overflow and shrinks with every overflow, whose step is left out. It does not shrink below a floor: after so many overflows in
 * a row there, training cannot go on and {@link #observe} says so. P. Micikevicius et al., ICLR 2018.
 *
 * <p>Scale and number of the step are numbers of Java, so that a step on a device waits once to learn whether gradients overflowed.
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
     * @param least the scale below which it does not shrink, above 0
     * @param patience overflows in a row at the least scale that end training, at least 1
     */
    public record Settings(double initial, double factor, long window, double most, double least, long patience) {
        /**
         * Checks the settings.
         *
         * @throws IllegalArgumentException when one is out of range
         */
        public Settings {
            Check.positive("lossScaler", "initial", initial);
            Check.positive("lossScaler", "window", window);
            Check.positive("lossScaler", "least", least);
            Check.positive("lossScaler", "patience", patience);
            if (!(factor > 1 && most >= initial && least <= initial)) {
                throw new IllegalArgumentException(
                        "lossScaler: factor must be > 1 and least <= initial <= most, got factor " + factor + ", least "
                                + least + ", initial " + initial + ", most " + most);
            }
        }

        /**
         * With a floor of 1 (or the initial scale, if that is lower), where ten overflows in a row end training.
         *
         * @param initial the scale at the beginning, above 0
         * @param factor by what it grows and shrinks, above 1
         * @param window steps without overflow after which it grows, at least 1
         * @param most the scale beyond which it does not grow
         */
        public Settings(double initial, double factor, long window, double most) {
            this(initial, factor, window, most, Math.min(1, initial), 10);
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
     * @param clean steps without overflow since it last moved; below 0 after overflows in a row at the least scale, whose
     *     number it is
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
     * @throws LossScaleException when gradients keep overflowing at the least scale
     */
    public void observe(boolean overflow) {
        long clean = Math.max(0, state.clean);
        if (overflow && state.scale <= settings.least) {
            state = new State(state.scale, Math.min(0, state.clean) - 1);
            if (-state.clean >= settings.patience) {
                throw new LossScaleException(
                        "lossScaler: gradients overflowed float16 in %d steps in a row at the least loss scale %s: training diverged, or the network leaves float16's range; lower the learning rate, scale the inputs or take bfloat16"
                                .formatted(-state.clean, state.scale));
            }
        } else if (overflow) {
            state = new State(Math.max(state.scale / settings.factor, settings.least), 0);
        } else if (clean + 1 >= settings.window) {
            state = new State(Math.min(state.scale * settings.factor, settings.most), 0);
        } else {
            state = new State(state.scale, clean + 1);
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
