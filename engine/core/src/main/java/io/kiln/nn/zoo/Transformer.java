package io.kiln.nn.zoo;

import io.kiln.init.Normal;
import io.kiln.ndarray.NDArray;
import io.kiln.nn.Block;
import io.kiln.nn.Dropout;
import io.kiln.nn.Embedding;
import io.kiln.nn.transformer.SinusoidalPositions;
import io.kiln.nn.transformer.TransformerDecoder;
import io.kiln.nn.transformer.TransformerEncoder;
import io.kiln.nn.transformer.TransformerSettings;

/**
 * Encoder and decoder for translation. A. Vaswani et al.: Attention is all you need, NeurIPS 2017. Both sides and the
 * output map share one embedding, which is scaled by the square root of its size when it is looked up. As a block it
 * takes source[N,S] and target[N,L], tokens, and optionally a mask of the source tokens that are not padding [N,S]; it
 * returns logits[N,L,vocabulary].
 */
public final class Transformer extends Block {
    private final double scale;
    private final Embedding embedding;
    private final SinusoidalPositions positions;
    private final Dropout dropout;
    private final TransformerEncoder encoder;
    private final TransformerDecoder decoder;

    /**
     * Creates a model.
     *
     * @param vocabulary number of words of both languages
     * @param positions the longest sequence
     * @param layers number of layers of encoder and decoder each
     * @param settings the settings of each layer
     */
    public Transformer(long vocabulary, long positions, int layers, TransformerSettings settings) {
        scale = Math.sqrt(settings.size());
        embedding = addChild(
                "embedding", new Embedding(vocabulary, settings.size(), new Normal(1 / Math.sqrt(settings.size()))));
        this.positions = addChild("positions", new SinusoidalPositions(positions));
        dropout = addChild("dropout", new Dropout(settings.dropout()));
        encoder = addChild("encoder", new TransformerEncoder(layers, settings));
        decoder = addChild("decoder", new TransformerDecoder(layers, settings));
    }

    /**
     * Creates the base model: 6 layers, 512 features, 8 heads, 2,048 inside, dropout 0.1; 65 million parameters for
     * 37,000 words.
     *
     * @param vocabulary number of words of both languages
     * @param positions the longest sequence
     * @return the model
     */
    public static Transformer base(long vocabulary, long positions) {
        return new Transformer(
                vocabulary, positions, 6, TransformerSettings.of(512, 8, 2048).withDropout(0.1));
    }

    /**
     * Creates the big model: 6 layers, 1,024 features, 16 heads, 4,096 inside, dropout 0.3; 213 million parameters for
     * 37,000 words.
     *
     * @param vocabulary number of words of both languages
     * @param positions the longest sequence
     * @return the model
     */
    public static Transformer big(long vocabulary, long positions) {
        return new Transformer(
                vocabulary, positions, 6, TransformerSettings.of(1024, 16, 4096).withDropout(0.3));
    }

    @Override
    public NDArray forward(NDArray x) {
        throw new IllegalArgumentException(
                "transformer: takes source and target, got one input; call callAll(source, target)");
    }

    @Override
    public NDArray[] forwardAll(NDArray... inputs) {
        if (inputs.length != 2 && inputs.length != 3) {
            throw new IllegalArgumentException(
                    "transformer: takes source, target and a mask of the source, got " + inputs.length + " inputs");
        }
        NDArray source = embed(inputs[0]);
        NDArray target = embed(inputs[1]);
        NDArray[] y;
        if (inputs.length == 2) {
            y = decoder.callAll(target, encoder.call(source));
        } else {
            NDArray memory = encoder.callAll(source, inputs[2])[0];
            y = decoder.callAll(target, memory, inputs[2]);
        }
        return new NDArray[] {Tied.words(y[0], embedding)};
    }

    private NDArray embed(NDArray tokens) {
        return dropout.call(positions.call(embedding.call(tokens).mul(scale)));
    }
}
