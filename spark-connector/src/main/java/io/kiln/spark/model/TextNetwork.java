package io.kiln.spark.model;

import io.kiln.ndarray.NDArray;
import io.kiln.nn.Block;
import io.kiln.nn.Conv1D;
import io.kiln.nn.Dense;
import io.kiln.nn.Dropout;
import io.kiln.nn.Embedding;
import io.kiln.nn.rnn.Lstm;
import io.kiln.nn.rnn.SequenceLayout;
import io.kiln.nn.transformer.TransformerEncoder;
import io.kiln.nn.transformer.TransformerSettings;
import io.kiln.op.activation.Activation;
import io.kiln.op.recurrent.Sequences;
import io.kiln.op.reduce.Reductions;
import io.kiln.op.shape.Movement;
import java.util.List;
import java.util.Locale;

/**
 * The network of text classifiers: a vector for each token, an encoder that makes one vector of a text, and scores of
 * classes. Inputs: text[N,T], ids of tokens, and text_length[N]; output: scores[N,classes] (logits). Tokens behind the
 * length have no influence. A text without tokens counts as one token of padding.
 */
public final class TextNetwork extends Block {
    /** The input of tokens. */
    public static final String INPUT = "text";

    /** Length of the tokens' vectors by default. */
    public static final int WIDTH = 64;

    private static final int[] KERNELS = {3, 5};
    private static final int LAYERS = 2;
    private static final long HEADS = 4;

    private final Encoder encoder;
    private final Embedding tokens;
    private final Block[] parts;
    private final Dropout dropout;
    private final Dense score;

    /** What makes one vector of a text. */
    public enum Encoder {
        /** The mean of the tokens' vectors and, in each place, their maximum: the order of words does not count. */
        MEAN,
        /** Convolutions over 3 and 5 tokens, and the maximum over the text (Y. Kim, EMNLP 2014). */
        CNN,
        /** An LSTM in both directions, and mean and maximum of its states. */
        LSTM,
        /** Two layers of a transformer with rotary positions, and the mean of its outputs. */
        TRANSFORMER;

        /**
         * Returns the constant of a Param's value.
         *
         * @param name mean, cnn, lstm or transformer
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
     * The sizes of a network.
     *
     * @param ids number of ids of tokens
     * @param longest tokens of the longest text
     * @param width length of the tokens' vectors; for a transformer a multiple of 8
     * @param classes number of classes
     */
    public record Sizes(long ids, long longest, long width, long classes) {}

    /**
     * Makes the network.
     *
     * @param encoder what makes one vector of a text
     * @param sizes its sizes
     * @param dropout share of a text's vector that training leaves out
     * @throws IllegalArgumentException if a transformer cannot split vectors of that width
     */
    public TextNetwork(Encoder encoder, Sizes sizes, double dropout) {
        long width = sizes.width();
        if (encoder == Encoder.TRANSFORMER && width % (2 * HEADS) != 0) {
            throw new IllegalArgumentException(
                    "embeddingSize: encoder transformer has %d heads, which need a multiple of %d, got %d"
                            .formatted(HEADS, 2 * HEADS, width));
        }
        this.encoder = encoder;
        tokens = addChild("tokens", new Embedding(sizes.ids(), width));
        parts = switch (encoder) {
            case MEAN -> new Block[0];
            case CNN -> {
                Block[] convolutions = new Block[KERNELS.length];
                for (int i = 0; i < KERNELS.length; i++) {
                    convolutions[i] = addChild(
                            "convolution" + KERNELS[i],
                            Conv1D.builder()
                                    .channels(width)
                                    .kernel(KERNELS[i])
                                    .pad(KERNELS[i] / 2)
                                    .activation(Activation.RELU)
                                    .build());
                }
                yield convolutions;
            }
            case LSTM ->
                new Block[] {
                    addChild(
                            "lstm",
                            Lstm.builder()
                                    .hidden(width)
                                    .bidirectional(true)
                                    .layout(SequenceLayout.NTC)
                                    .useLengths(true)
                                    .build())
                };
            case TRANSFORMER ->
                new Block[] {
                    addChild(
                            "transformer",
                            new TransformerEncoder(
                                    LAYERS,
                                    TransformerSettings.of(width, HEADS, 2 * width)
                                            .normalisedFirst()
                                            .withRotary(sizes.longest())))
                };
        };
        this.dropout = dropout > 0 ? addChild("dropout", new Dropout(dropout)) : null;
        score = addChild("score", new Dense(sizes.classes()));
    }

    @Override
    public List<String> inputNames() {
        return List.of(INPUT, INPUT + "_length");
    }

    @Override
    public NDArray forward(NDArray x) {
        throw new IllegalArgumentException("textNetwork: takes text[N,T] and text_length[N]; call forwardAll");
    }

    @Override
    public NDArray[] forwardAll(NDArray... inputs) {
        NDArray length = inputs[1].clip(1, Double.POSITIVE_INFINITY);
        NDArray x = Sequences.mask(tokens.call(inputs[0]), length, 0, 1);
        NDArray y =
                switch (encoder) {
                    case MEAN -> meanAndMax(x, length, -1e4);
                    case CNN -> convolutions(x, length);
                    case LSTM -> meanAndMax(parts[0].callAll(x, length)[0], length, -1);
                    case TRANSFORMER ->
                        mean(Sequences.mask(parts[0].callAll(x, valid(x, length))[0], length, 0, 1), length);
                };
        return new NDArray[] {score.call(dropout == null ? y : dropout.call(y))};
    }

    /** Which steps count: [N,T]. */
    private static NDArray valid(NDArray x, NDArray length) {
        NDArray ones = x.slice(2, 0, 1).squeeze(2).mul(0).add(1);
        return Sequences.mask(ones, length, 0, 1);
    }

    private static NDArray mean(NDArray x, NDArray length) {
        return x.sum(1).div(length.cast(x.dtype()).expandDims(-1));
    }

    private static NDArray meanAndMax(NDArray x, NDArray length, double least) {
        return Movement.concat(
                1, mean(x, length), Sequences.mask(x, length, least, 1).max(1));
    }

    private NDArray convolutions(NDArray x, NDArray length) {
        NDArray channelsFirst = x.transpose(0, 2, 1);
        NDArray[] best = new NDArray[parts.length];
        for (int i = 0; i < best.length; i++) { // what is behind the end becomes 0, the least that ReLU gives
            best[i] = Reductions.max(
                    Sequences.mask(parts[i].call(channelsFirst).transpose(0, 2, 1), length, 0, 1), false, 1);
        }
        return Movement.concat(1, best);
    }
}
