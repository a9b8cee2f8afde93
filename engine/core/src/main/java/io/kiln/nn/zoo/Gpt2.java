package io.kiln.nn.zoo;

import io.kiln.init.Normal;
import io.kiln.ndarray.NDArray;
import io.kiln.nn.Block;
import io.kiln.nn.Dropout;
import io.kiln.nn.Embedding;
import io.kiln.nn.transformer.FeedForward;
import io.kiln.nn.transformer.LearnedPositions;
import io.kiln.nn.transformer.TransformerEncoder;
import io.kiln.nn.transformer.TransformerSettings;

/**
 * A language model of transformer layers. A. Radford et al.: Language models are unsupervised multitask learners, 2019.
 * The output map is the embedding. As a block it takes tokens[N,L] and returns logits[N,L,vocabulary].
 */
public final class Gpt2 extends Block {
    private static final long VOCABULARY = 50_257;
    private static final long POSITIONS = 1024;

    private final Embedding words;
    private final LearnedPositions positions;
    private final Dropout dropout;
    private final TransformerEncoder layers;

    /**
     * Creates a model with four times as many features inside the feed-forward parts, and dropout 0.1.
     *
     * @param vocabulary number of tokens
     * @param positions the longest sequence
     * @param layers number of layers
     * @param size features
     * @param heads number of heads
     */
    public Gpt2(long vocabulary, long positions, int layers, long size, long heads) {
        this(vocabulary, positions, layers, size, heads, 0.1);
    }

    /**
     * Creates a model with four times as many features inside the feed-forward parts.
     *
     * @param vocabulary number of tokens
     * @param positions the longest sequence
     * @param layers number of layers
     * @param size features
     * @param heads number of heads
     * @param dropout probability that an element is dropped in train mode
     */
    public Gpt2(long vocabulary, long positions, int layers, long size, long heads, double dropout) {
        words = addChild("words", new Embedding(vocabulary, size, new Normal(0.02)));
        this.positions = addChild("positions", new LearnedPositions(positions));
        this.dropout = addChild("dropout", new Dropout(dropout));
        this.layers = addChild(
                "layers",
                new TransformerEncoder(
                        layers,
                        TransformerSettings.of(size, heads, 4 * size)
                                .with(FeedForward.Kind.GELU_TANH)
                                .normalisedFirst()
                                .hidingLater()
                                .withDropout(dropout)));
    }

    /** {@return GPT-2: 12 layers, 768 features, 12 heads, 124 million parameters} */
    public static Gpt2 small() {
        return new Gpt2(VOCABULARY, POSITIONS, 12, 768, 12);
    }

    /** {@return GPT-2 medium: 24 layers, 1,024 features, 16 heads, 355 million parameters} */
    public static Gpt2 medium() {
        return new Gpt2(VOCABULARY, POSITIONS, 24, 1024, 16);
    }

    /** {@return GPT-2 large: 36 layers, 1,280 features, 20 heads, 774 million parameters} */
    public static Gpt2 large() {
        return new Gpt2(VOCABULARY, POSITIONS, 36, 1280, 20);
    }

    /** {@return GPT-2 XL: 48 layers, 1,600 features, 25 heads, 1,558 million parameters} */
    public static Gpt2 extraLarge() {
        return new Gpt2(VOCABULARY, POSITIONS, 48, 1600, 25);
    }

    @Override
    public NDArray forward(NDArray tokens) {
        NDArray x = dropout.call(positions.call(words.call(tokens)));
        return Tied.words(layers.call(x), words);
    }

    /**
     * Continues a text whose earlier tokens are kept as keys and values.
     *
     * @param tokens the new tokens [N,L]
     * @param past keys and values of the previous tokens, as returned by an earlier call; none at first
     * @return logits [N,L,vocabulary], then the keys and values of all tokens
     */
    public NDArray[] extend(NDArray tokens, NDArray... past) {
        long offset = past.length == 0 ? 0 : past[0].shape().dim(2);
        NDArray[] all = layers.extend(dropout.call(positions.add(words.call(tokens), offset)), past);
        all[0] = Tied.words(all[0], words);
        return all;
    }
}
