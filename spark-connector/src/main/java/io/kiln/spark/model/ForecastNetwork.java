package io.kiln.spark.model;

import io.kiln.init.Zeros;
import io.kiln.ndarray.NDArray;
import io.kiln.nn.Block;
import io.kiln.nn.Conv1D;
import io.kiln.nn.Dense;
import io.kiln.nn.Dropout;
import io.kiln.nn.rnn.Gru;
import io.kiln.nn.rnn.Lstm;
import io.kiln.nn.rnn.SequenceLayout;
import io.kiln.op.activation.Activation;
import java.util.Locale;

/**
 * The network of forecasters: \(y = W x + b + f(x)\) of a window x, with an encoder \(f\) that reads it step by step. The
 * linear part alone is an autoregression; training begins with it, as the last weights of \(f\) are 0 at first. Input:
 * window[N,variables,steps]; output: forecast[N,horizon].
 */
public final class ForecastNetwork extends Block {
    /** Size of the encoder by default. */
    public static final int HIDDEN = 32;

    private static final int KERNEL = 3;

    private final Encoder encoder;
    private final Dense linear;
    private final Block[] parts;
    private final Dropout dropout;
    private final Dense rest;

    /** What reads a window. */
    public enum Encoder {
        /** Nothing: an autoregression. */
        LINEAR,
        /** An LSTM, and its last state. */
        LSTM,
        /** A GRU, and its last state. */
        GRU,
        /** Residual causal convolutions, each over twice as many steps as the one before, until they see the window. */
        TCN;

        /**
         * Returns the constant of a Param's value.
         *
         * @param name linear, lstm, gru or tcn
         * @return the constant
         */
        public static Encoder of(String name) {
            return valueOf(name.toUpperCase(Locale.ROOT));
        }

        /** {@return the Param's value} */
        public String param() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * Makes the network.
     *
     * @param encoder what reads a window
     * @param steps steps of a window
     * @param hidden size of the encoder
     * @param horizon steps that are forecast
     * @param dropout share of the encoder's outputs that training leaves out
     */
    public ForecastNetwork(Encoder encoder, long steps, long hidden, long horizon, double dropout) {
        this.encoder = encoder;
        linear = addChild("linear", new Dense(horizon));
        parts = switch (encoder) {
            case LINEAR -> new Block[0];
            case LSTM ->
                new Block[] {
                    addChild(
                            "lstm",
                            Lstm.builder()
                                    .hidden(hidden)
                                    .layout(SequenceLayout.NTC)
                                    .build())
                };
            case GRU ->
                new Block[] {
                    addChild(
                            "gru",
                            Gru.builder()
                                    .hidden(hidden)
                                    .layout(SequenceLayout.NTC)
                                    .build())
                };
            case TCN -> convolutions(steps, hidden);
        };
        this.dropout = dropout > 0 && encoder != Encoder.LINEAR ? addChild("dropout", new Dropout(dropout)) : null;
        rest = encoder == Encoder.LINEAR
                ? null
                : addChild(
                        "rest",
                        Dense.builder()
                                .units(horizon)
                                .useBias(false)
                                .weightInitializer(new Zeros())
                                .build());
    }

    private Block[] convolutions(long steps, long hidden) {
        int levels = 1;
        while (seen(levels) < steps) {
            levels++;
        }
        Block[] all = new Block[levels];
        for (int i = 0; i < levels; i++) {
            all[i] = addChild(
                    "convolution" + i,
                    Conv1D.builder()
                            .channels(hidden)
                            .kernel(KERNEL)
                            .dilation(1L << i)
                            .pad((KERNEL - 1L) << i)
                            .activation(Activation.RELU)
                            .build());
        }
        return all;
    }

    /** How many steps the last output of so many convolutions depends on. */
    private static long seen(int levels) {
        return 1 + (KERNEL - 1) * ((1L << levels) - 1);
    }

    @Override
    public NDArray forward(NDArray x) {
        NDArray y = linear.call(x);
        if (encoder == Encoder.LINEAR) {
            return y;
        }
        NDArray h = encoder == Encoder.TCN ? convolved(x) : last(parts[0].call(x.transpose(0, 2, 1)), 1);
        return y.add(rest.call(dropout == null ? h : dropout.call(h)));
    }

    private NDArray convolved(NDArray x) {
        long steps = x.shape().dim(2);
        NDArray h = x;
        for (int i = 0; i < parts.length; i++) {
            NDArray c = parts[i].call(h).slice(2, 0, steps); // padded on both sides: without what would look ahead
            h = i == 0 ? c : h.add(c);
        }
        return last(h, 2);
    }

    private static NDArray last(NDArray x, int axis) {
        return x.slice(axis, -1, Long.MAX_VALUE).squeeze(axis);
    }
}
