package io.kiln.nn.transformer;

import io.kiln.ndarray.NDArray;
import io.kiln.nn.LayerNorm;

/**
 * A layer of a transformer's decoder (Vaswani et al. 2017): causal self-attention, attention to the encoder's output,
 * and a feed-forward part, each with residual sum and layer normalisation. As a block it takes x[N,L,size] and
 * memory[N,S,·], and optionally a mask of the memory. Children: {@code self_attention}, {@code norm1},
 * {@code cross_attention}, {@code norm2}, {@code feed_forward}, {@code norm3}.
 */
public final class TransformerDecoderLayer extends TransformerLayer {
    private final MultiHeadAttention attention;
    private final LayerNorm norm1;
    private final MultiHeadAttention cross;
    private final LayerNorm norm2;
    private final FeedForward feedForward;
    private final LayerNorm norm3;

    /**
     * Creates a layer.
     *
     * @param settings its settings
     */
    public TransformerDecoderLayer(TransformerSettings settings) {
        super(settings);
        attention = addChild("self_attention", settings.decoderAttention());
        norm1 = norm("norm1");
        cross = addChild("cross_attention", settings.crossAttention());
        norm2 = norm("norm2");
        feedForward = addChild("feed_forward", settings.feedForward());
        norm3 = norm("norm3");
    }

    @Override
    public NDArray forward(NDArray x) {
        throw new IllegalArgumentException(
                "transformerDecoderLayer: takes x and memory, got x alone; call callAll(x, memory)");
    }

    @Override
    public NDArray[] forwardAll(NDArray... inputs) {
        if (inputs.length != 2 && inputs.length != 3) {
            throw new IllegalArgumentException("transformerDecoderLayer: takes x, memory and a mask of the memory, got "
                    + inputs.length + " inputs");
        }
        NDArray memory = inputs[1];
        NDArray a = residual(inputs[0], norm1, attention::call);
        NDArray b = residual(
                a,
                norm2,
                h -> inputs.length > 2 ? cross.callAll(h, memory, inputs[2])[0] : cross.callAll(h, memory)[0]);
        return new NDArray[] {residual(b, norm3, feedForward::call)};
    }
}
