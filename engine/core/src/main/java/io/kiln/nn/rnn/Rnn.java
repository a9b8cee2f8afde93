package io.kiln.nn.rnn;

import io.kiln.op.Operator;
import io.kiln.op.activation.Activation;

/** Plain recurrent layers, with the formula of {@link io.kiln.op.recurrent.RnnOp}. Layout and names of the parameters: {@link io.kiln.nn.rnn}. */
public final class Rnn extends RecurrentLayer {
    private final Activation activation;

    /**
     * One layer with the defaults of the {@linkplain Builder builder}.
     *
     * @param hidden size of the state
     */
    public Rnn(long hidden) {
        this(builder().hidden(hidden));
    }

    private Rnn(Builder b) {
        super("rnn", b, 1, 1);
        activation = b.activation;
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
        return new io.kiln.op.recurrent.RnnOp(activation, reverse, state, lengths);
    }

    /** The settings of plain recurrent layers. */
    public static final class Builder extends RecurrentLayer.Builder<Builder> {
        private Activation activation = Activation.TANH;

        private Builder() {}

        @Override
        Builder self() {
            return this;
        }

        /**
         * Sets the activation applied to the sum; tanh by default.
         *
         * @param value the activation
         * @return this builder
         */
        public Builder activation(Activation value) {
            activation = value;
            return this;
        }

        /**
         * Creates the layers.
         *
         * @return the layers
         */
        public Rnn build() {
            return new Rnn(this);
        }
    }
}
