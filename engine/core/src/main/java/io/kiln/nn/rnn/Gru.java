package io.kiln.nn.rnn;

import io.kiln.op.Operator;

/** GRU layers, with the formulas of {@link io.kiln.op.recurrent.GruOp}. Layout and names of the parameters: {@link io.kiln.nn.rnn}. */
public final class Gru extends RecurrentLayer {
    private final boolean linearBeforeReset;

    /**
     * One layer with the defaults of the {@linkplain Builder builder}.
     *
     * @param hidden size of the state
     */
    public Gru(long hidden) {
        this(builder().hidden(hidden));
    }

    private Gru(Builder b) {
        super("gru", b, 3, 1);
        linearBeforeReset = b.linearBeforeReset;
    }

    /**
     * Returns a builder for layers.
     *
     * @return a builder with the defaults
     */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    Operator operator(boolean reverse, boolean state, boolean lengths) {
        return new io.kiln.op.recurrent.GruOp(reverse, state, lengths, linearBeforeReset, false);
    }

    /** The settings of GRU layers. */
    public static final class Builder extends RecurrentLayer.Builder<Builder> {
        private boolean linearBeforeReset = true;

        private Builder() {}

        /**
         * Sets whether the reset gate multiplies the recurrent product instead of the state; true by default.
         *
         * @param value true as in libtorch, MXNet and cuDNN; false as in the paper and, by default, in ONNX
         * @return this builder
         */
        public Builder linearBeforeReset(boolean value) {
            linearBeforeReset = value;
            return this;
        }

        @Override
        Builder self() {
            return this;
        }

        /**
         * Creates the layers.
         *
         * @return the layers
         */
        public Gru build() {
            return new Gru(this);
        }
    }
}
