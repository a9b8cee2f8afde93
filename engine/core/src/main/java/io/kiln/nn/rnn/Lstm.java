package io.kiln.nn.rnn;

import io.kiln.op.Operator;

/**
 * LSTM layers, with the formulas of {@link io.kiln.op.recurrent.LstmOp}; states are h and c. Layout and names of the parameters:
 * {@link io.kiln.nn.rnn}.
 */
public final class Lstm extends RecurrentLayer {
    private final boolean projected;

    /**
     * One layer with the defaults of the {@linkplain Builder builder}.
     *
     * @param hidden size of the states
     */
    public Lstm(long hidden) {
        this(builder().hidden(hidden));
    }

    private Lstm(Builder b) {
        super("lstm", b, 4, 2);
        projected = b.projection > 0;
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
        return new io.kiln.op.recurrent.LstmOp(reverse, projected, state, lengths, false);
    }

    /** The settings of LSTM layers. */
    public static final class Builder extends RecurrentLayer.Builder<Builder> {
        private Builder() {}

        @Override
        Builder self() {
            return this;
        }

        /**
         * Sets the size to which the hidden state is projected; no projection by default.
         *
         * @param value from 1 to the hidden size; 0 for none
         * @return this builder
         */
        public Builder projection(long value) {
            projection = value;
            return this;
        }

        /**
         * Creates the layers.
         *
         * @return the layers
         */
        public Lstm build() {
            return new Lstm(this);
        }
    }
}
