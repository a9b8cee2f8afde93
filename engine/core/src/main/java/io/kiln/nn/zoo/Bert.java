package io.kiln.nn.zoo;

import io.kiln.init.Normal;
import io.kiln.ndarray.NDArray;
import io.kiln.nn.Block;
import io.kiln.nn.Dense;
import io.kiln.nn.Dropout;
import io.kiln.nn.Embedding;
import io.kiln.nn.LayerNorm;
import io.kiln.nn.transformer.FeedForward;
import io.kiln.nn.transformer.LearnedPositions;
import io.kiln.nn.transformer.TransformerEncoder;
import io.kiln.nn.transformer.TransformerSettings;
import io.kiln.op.activation.Activation;
import java.util.List;

/**
 * An encoder of sentences. J. Devlin, M.-W. Chang, K. Lee, K. Toutanova: BERT, NAACL 2019. As a block it takes
 * tokens[N,L] and segments[N,L], of 0 and 1, and optionally a mask of the tokens that are not padding [N,L]; it returns
 * the sequence [N,L,size] and the pooler's output for its first element [N,size]. Task heads are layers after it.
 */
public final class Bert extends Block {
    private static final double DEVIATION = 0.02;
    private static final double EPSILON = 1e-12;

    private final Embedding words;
    private final LearnedPositions positions;
    private final Embedding segments;
    private final LayerNorm norm;
    private final Dropout dropout;
    private final TransformerEncoder encoder;
    private final Dense pooler;

    /**
     * Creates a model with the vocabulary and the longest sequence of the paper: 30,522 word pieces, 512 positions.
     *
     * @param layers number of layers
     * @param size features
     * @param heads number of heads
     */
    public Bert(int layers, long size, long heads) {
        this(30_522, 512, layers, size, heads);
    }

    /**
     * Creates a model.
     *
     * @param vocabulary number of word pieces
     * @param positions the longest sequence
     * @param layers number of layers
     * @param size features; four times as many inside the feed-forward parts
     * @param heads number of heads
     */
    public Bert(long vocabulary, long positions, int layers, long size, long heads) {
        words = addChild("words", new Embedding(vocabulary, size, new Normal(DEVIATION)));
        this.positions = addChild("positions", new LearnedPositions(positions));
        segments = addChild("segments", new Embedding(2, size, new Normal(DEVIATION)));
        norm = addChild("norm", new LayerNorm(EPSILON));
        dropout = addChild("dropout", new Dropout(0.1));
        encoder = addChild(
                "encoder",
                new TransformerEncoder(
                        layers,
                        TransformerSettings.of(size, heads, 4 * size)
                                .with(FeedForward.Kind.GELU)
                                .withDropout(0.1)
                                .withEpsilon(EPSILON)));
        pooler = addChild("pooler", new Dense(size, Activation.TANH));
    }

    /** {@return BERT-base: 12 layers, 768 features, 12 heads, 110 million parameters} */
    public static Bert base() {
        return new Bert(12, 768, 12);
    }

    /** {@return BERT-large: 24 layers, 1,024 features, 16 heads, 335 million parameters} */
    public static Bert large() {
        return new Bert(24, 1024, 16);
    }

    @Override
    public NDArray forward(NDArray x) {
        throw new IllegalArgumentException(
                "bert: takes tokens and segments, got one input; call callAll(tokens, segments)");
    }

    @Override
    public NDArray[] forwardAll(NDArray... inputs) {
        if (inputs.length != 2 && inputs.length != 3) {
            throw new IllegalArgumentException(
                    "bert: takes tokens, segments and a mask of the tokens, got " + inputs.length + " inputs");
        }
        NDArray sum = positions.call(words.call(inputs[0]).add(segments.call(inputs[1])));
        NDArray x = dropout.call(norm.call(sum));
        NDArray y = inputs.length == 2 ? encoder.call(x) : encoder.callAll(x, inputs[2])[0];
        return new NDArray[] {y, pooler.call(y.slice(1, 0, 1).squeeze(1))};
    }

    @Override
    public List<String> inputNames() {
        return List.of("tokens", "segments", "tokens_mask");
    }
}
