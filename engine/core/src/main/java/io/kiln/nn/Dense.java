package io.kiln.nn;

import io.kiln.init.Initializer;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.Dispatch;
import io.kiln.op.Role;
import io.kiln.op.activation.Activation;
import io.kiln.op.nn.Linear;

/**
 * A fully connected layer: \(y = \mathrm{act}(x W^\top + b)\). Shapes: x[N,…], flattened to [N,in] (or, without
 * flattening, x[…,in]), weight[units,in], bias[units], y[N,units] (or y[…,units]). As in MXNet, axes after the batch
 * are flattened unless {@code flatten(false)} or {@link #onLastAxis} is used; PyTorch's {@code Linear} never flattens.
 */
public final class Dense extends Block {
    private final long units;
    private final Activation activation;
    private final boolean flatten;
    private final FormedWeight weight;
    private final Parameter bias;

    /**
     * Creates a layer without activation, otherwise with the defaults of the {@linkplain Builder builder}.
     *
     * @param units number of outputs
     */
    public Dense(long units) {
        this(builder().units(units));
    }

    /**
     * Creates a layer with the defaults of the {@linkplain Builder builder}.
     *
     * @param units number of outputs
     * @param activation applied to the sum
     */
    public Dense(long units, Activation activation) {
        this(builder().units(units).activation(activation));
    }

    /**
     * Creates a layer that works on the last axis and keeps all others, x[…,in] to y[…,units], like PyTorch's
     * {@code Linear}: use it for sequences such as [N,T,in]. The constructors flatten all axes after the batch, like
     * MXNet's {@code Dense}.
     *
     * @param units number of outputs
     * @return the layer, with the defaults of the {@linkplain Builder builder} except for {@code flatten(false)}
     */
    public static Dense onLastAxis(long units) {
        return builder().units(units).flatten(false).build();
    }

    /**
     * Creates a layer that works on the last axis and keeps all others.
     *
     * @param units number of outputs
     * @param activation applied to the sum
     * @return the layer
     */
    public static Dense onLastAxis(long units, Activation activation) {
        return builder().units(units).activation(activation).flatten(false).build();
    }

    private Dense(Builder b) {
        if (b.units < 1) {
            throw new IllegalArgumentException("dense: units must be >= 1, got " + b.units);
        }
        units = b.units;
        activation = b.activation;
        flatten = b.flatten;
        weight = new FormedWeight(b.weightForm, b.weightInitializer, this::addParameter);
        bias = b.useBias ? addParameter(new Parameter("bias", Role.BIAS, b.biasInitializer)) : null;
    }

    /**
     * Returns a builder for a layer.
     *
     * @return a builder with the defaults
     */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public NDArray forward(NDArray x) {
        NDArray rows = flatten && x.shape().rank() > 2 ? Dispatch.one(new io.kiln.op.shape.FlattenOp(1), x) : x;
        NDArray w = weight.data(Shape.of(units, rows.shape().dim(-1)));
        Linear linear = new Linear(activation);
        return bias == null
                ? Dispatch.one(linear, rows, w)
                : Dispatch.one(linear, rows, w, bias.complete(Shape.of(units)).data());
    }

    /** The settings of a layer. */
    public static final class Builder {
        private long units;
        private Activation activation = Activation.NONE;
        private boolean useBias = true;
        private boolean flatten = true;
        private WeightForm weightForm = WeightForm.PLAIN;
        private Initializer weightInitializer = Initializer.defaultFor(Role.WEIGHT);
        private Initializer biasInitializer = Initializer.defaultFor(Role.BIAS);

        private Builder() {}

        /**
         * Sets the number of outputs; required.
         *
         * @param value at least 1
         * @return this builder
         */
        public Builder units(long value) {
            units = value;
            return this;
        }

        /**
         * Sets the activation applied to the sum; none by default.
         *
         * @param value the activation
         * @return this builder
         */
        public Builder activation(Activation value) {
            activation = value;
            return this;
        }

        /**
         * Sets whether to add a bias; true by default.
         *
         * @param value true or false
         * @return this builder
         */
        public Builder useBias(boolean value) {
            useBias = value;
            return this;
        }

        /**
         * Sets whether all axes after the batch are flattened; true by default.
         *
         * @param value false to work on the last axis only
         * @return this builder
         */
        public Builder flatten(boolean value) {
            flatten = value;
            return this;
        }

        /**
         * Sets how the weight is computed from parameters; plain by default.
         *
         * @param value the form
         * @return this builder
         */
        public Builder weightForm(WeightForm value) {
            weightForm = value;
            return this;
        }

        /**
         * Sets the initializer of the weight.
         *
         * @param value the initializer
         * @return this builder
         */
        public Builder weightInitializer(Initializer value) {
            weightInitializer = value;
            return this;
        }

        /**
         * Sets the initializer of the bias.
         *
         * @param value the initializer
         * @return this builder
         */
        public Builder biasInitializer(Initializer value) {
            biasInitializer = value;
            return this;
        }

        /**
         * Creates the layer.
         *
         * @return the layer
         */
        public Dense build() {
            return new Dense(this);
        }
    }
}
