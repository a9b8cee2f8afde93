package io.kiln.nn.rnn;

import io.kiln.init.Initializer;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Block;
import io.kiln.nn.Parameter;
import io.kiln.op.Dispatch;
import io.kiln.op.Operator;
import io.kiln.op.nn.Neural;
import io.kiln.op.shape.Movement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A stack of recurrent layers over whole sequences, in one or both directions; each layer and direction is one
 * operator. Shapes: x[T,N,I] and y[T,N,D·H] with D directions, or [N,T,·] in the other layout; each state is
 * [layers·D,N,H], with the directions of a layer next to each other.
 *
 * <p>As a block it takes x and returns y; or it takes x and the initial states, and returns y and the final states.
 * With {@link Builder#useLengths} the last input is the number of steps of each row [N].
 */
public abstract sealed class RecurrentLayer extends Block permits Lstm, Gru, Rnn {
    private final Builder<?> settings;
    private final int kinds;
    private final Weights[] weights;

    RecurrentLayer(String name, Builder<?> settings, long gates, int kinds) {
        this.settings = settings;
        this.kinds = kinds;
        if (settings.layers < 1) {
            throw new IllegalArgumentException(name + ": layers must be >= 1, got " + settings.layers);
        }
        weights = new Weights[settings.layers * directions()];
        for (int i = 0; i < weights.length; i++) {
            String prefix = (i % directions() == 0 ? "l" : "r") + i / directions() + "_";
            weights[i] = new Weights(
                    name,
                    gates,
                    settings.hidden,
                    settings.projection,
                    prefix,
                    (n, role) -> addParameter(new Parameter(n, role, Initializer.defaultFor(role))));
        }
    }

    private int directions() {
        return settings.bidirectional ? 2 : 1;
    }

    /** The operator of one direction of one layer; its outputs are all hidden states and, of other kinds, the final one. */
    abstract Operator operator(boolean reverse, boolean state, boolean lengths);

    @Override
    public final NDArray forward(NDArray x) {
        if (settings.useLengths) {
            throw new IllegalArgumentException(getClass().getSimpleName()
                    + ": it was built with useLengths, give the lengths as well: callAll(x, lengths)");
        }
        return layers(settings.layout.stepsFirst(x), null, null, null);
    }

    @Override
    public final NDArray[] forwardAll(NDArray... inputs) {
        int tail = settings.useLengths ? 1 : 0;
        if (inputs.length != 1 + tail && inputs.length != 1 + kinds + tail) {
            throw new IllegalArgumentException(getClass().getSimpleName() + ": takes x, then none or " + kinds
                    + " states" + (tail == 1 ? ", then lengths" : "") + "; got " + inputs.length + " inputs");
        }
        NDArray lengths = tail == 1 ? inputs[inputs.length - 1] : null;
        if (inputs.length == 1 + tail) {
            return new NDArray[] {layers(settings.layout.stepsFirst(inputs[0]), null, lengths, null)};
        }
        Unrolled all = run(inputs[0], Arrays.copyOfRange(inputs, 1, 1 + kinds), lengths);
        return RecurrentCell.join(all.outputs(), all.states());
    }

    /**
     * Runs a sequence and returns the final states too.
     *
     * @param x the sequence
     * @param begin the initial states [layers·D,N,H]; null for zeros
     * @param lengths the number of steps of each row [N]; null for all
     * @return outputs and final states
     */
    public final Unrolled run(NDArray x, NDArray[] begin, NDArray lengths) {
        if (begin != null && begin.length != kinds) {
            throw new IllegalArgumentException(
                    getClass().getSimpleName() + ": has " + kinds + " states, got " + begin.length);
        }
        List<List<NDArray>> last = new ArrayList<>();
        for (int k = 0; k < kinds; k++) {
            last.add(new ArrayList<>());
        }
        NDArray y = layers(settings.layout.stepsFirst(x), begin, lengths, last);
        return new Unrolled(
                y,
                last.stream()
                        .map(l -> Movement.stack(0, l.toArray(new NDArray[0])))
                        .toArray(NDArray[]::new));
    }

    private NDArray layers(NDArray x, NDArray[] begin, NDArray lengths, List<List<NDArray>> last) {
        NDArray y = x;
        for (int layer = 0; layer < settings.layers; layer++) {
            if (layer > 0 && settings.dropout > 0) {
                y = Neural.dropout(y, settings.dropout);
            }
            NDArray[] sides = new NDArray[directions()];
            for (int d = 0; d < sides.length; d++) {
                sides[d] = direction(y, layer * sides.length + d, d == 1, begin, lengths, last);
            }
            y = sides.length == 1 ? sides[0] : Movement.concat(2, sides);
        }
        return settings.layout.stepsFirst(lengths == null ? y : States.cut(lengths, y));
    }

    private NDArray direction(
            NDArray x, int place, boolean reverse, NDArray[] begin, NDArray lengths, List<List<NDArray>> last) {
        List<NDArray> inputs = new ArrayList<>(weights[place].with(x));
        for (int k = 0; begin != null && k < kinds; k++) {
            inputs.add(begin[k].slice(0, place, place + 1).squeeze(0));
        }
        if (lengths != null) {
            inputs.add(lengths);
        }
        NDArray[] all = Dispatch.run(operator(reverse, begin != null, lengths != null), inputs.toArray(new NDArray[0]));
        for (int k = 0; last != null && k < kinds; k++) {
            last.get(k).add(k == 0 ? end(all[0], reverse) : all[k]);
        }
        return all[0];
    }

    private static NDArray end(NDArray y, boolean reverse) {
        return (reverse ? y.slice(0, 0, 1) : y.slice(0, -1, Long.MAX_VALUE)).squeeze(0);
    }

    /** The sizes after the batch of states [layers·D,N,·]. */
    final Shape stateSize(int kind) {
        return Shape.of(kind == 0 && settings.projection > 0 ? settings.projection : settings.hidden);
    }

    /**
     * The initial states, zeros.
     *
     * @param x a sequence in the layer's layout
     * @return one array [layers·D,N,·] per kind of state
     */
    public final NDArray[] beginState(NDArray x) {
        NDArray step = settings.layout.stepsFirst(x).slice(0, 0, 1).squeeze(0);
        NDArray[] states = new NDArray[kinds];
        for (int k = 0; k < kinds; k++) {
            NDArray[] all = new NDArray[weights.length];
            Arrays.fill(all, States.zeros(step, stateSize(k)));
            states[k] = Movement.stack(0, all);
        }
        return states;
    }

    /**
     * The settings of recurrent layers.
     *
     * @param <B> the builder's own type
     */
    public abstract static sealed class Builder<B extends Builder<B>> permits Lstm.Builder, Gru.Builder, Rnn.Builder {
        private long hidden;
        private int layers = 1;
        private boolean bidirectional;
        private double dropout;
        private SequenceLayout layout = SequenceLayout.TNC;
        private boolean useLengths;
        /** Size of the projection, 0 for none. */
        long projection;

        Builder() {}

        abstract B self();

        /**
         * Sets the size of the states; required.
         *
         * @param value at least 1
         * @return this builder
         */
        public B hidden(long value) {
            hidden = value;
            return self();
        }

        /**
         * Sets the number of stacked layers; 1 by default.
         *
         * @param value at least 1
         * @return this builder
         */
        public B layers(int value) {
            layers = value;
            return self();
        }

        /**
         * Sets whether each layer runs in both directions; false by default.
         *
         * @param value true or false
         * @return this builder
         */
        public B bidirectional(boolean value) {
            bidirectional = value;
            return self();
        }

        /**
         * Sets the probability that an element between two layers is dropped in train mode; 0 by default.
         *
         * @param value in [0, 1)
         * @return this builder
         */
        public B dropout(double value) {
            dropout = ModifierCell.rate("recurrent layer", "dropout", value);
            return self();
        }

        /**
         * Sets the order of a sequence's axes; [T,N,C] by default.
         *
         * @param value the layout
         * @return this builder
         */
        public B layout(SequenceLayout value) {
            layout = value;
            return self();
        }

        /**
         * Sets whether the last input is the number of steps of each row; false by default.
         *
         * @param value true or false
         * @return this builder
         */
        public B useLengths(boolean value) {
            useLengths = value;
            return self();
        }
    }
}
