package io.kiln.nn.transformer;

import io.kiln.ndarray.NDArray;
import io.kiln.nn.LayerNorm;

/**
 * A layer of a transformer's encoder (Vaswani et al. 2017): self-attention, then a feed-forward part, each with
 * residual sum and layer normalisation. Shapes: x and y [N,L,size]. As a block it takes x, or x and a mask as in
 * {@link MultiHeadAttention}. Children, named as in libtorch except for the attention: {@code self_attention},
 * {@code norm1}, {@code feed_forward}, {@code norm2}.
 */
public final class TransformerEncoderLayer extends TransformerLayer {
    private final MultiHeadAttention attention;
    private final LayerNorm norm1;
    private final FeedForward feedForward;
    private final LayerNorm norm2;

    /**
     * Creates a layer.
     *
     * @param settings its settings
     */
    public TransformerEncoderLayer(TransformerSettings settings) {
        super(settings);
        attention = addChild("self_attention", settings.encoderAttention());
        norm1 = norm("norm1");
        feedForward = addChild("feed_forward", settings.feedForward());
        norm2 = norm("norm2");
    }

    @Override
    public NDArray forward(NDArray x) {
        return forwardAll(x)[0];
    }

    @Override
    public NDArray[] forwardAll(NDArray... inputs) {
        NDArray x = inputs[0];
        NDArray a =
                residual(x, norm1, h -> inputs.length > 1 ? attention.callAll(h, h, inputs[1])[0] : attention.call(h));
        return new NDArray[] {residual(a, norm2, feedForward::call)};
    }

    /**
     * Adds elements to a sequence whose earlier elements are kept as keys and values, see {@link MultiHeadAttention#extend}.
     *
     * @param x the new elements [N,L,size]
     * @param past keys and values; none at first
     * @return y [N,L,size], then the keys and values of all elements
     */
    public NDArray[] extend(NDArray x, NDArray... past) {
        NDArray[] kept = new NDArray[3];
        NDArray a = residual(x, norm1, h -> {
            NDArray[] all = attention.extend(h, past);
            System.arraycopy(all, 1, kept, 1, 2);
            return all[0];
        });
        kept[0] = residual(a, norm2, feedForward::call);
        return kept;
    }
}
