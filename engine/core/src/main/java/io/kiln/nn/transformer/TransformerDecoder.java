package io.kiln.nn.transformer;

import io.kiln.ndarray.NDArray;
import io.kiln.nn.Block;
import io.kiln.nn.LayerNorm;
import java.util.ArrayList;
import java.util.List;

/**
 * A stack of decoder layers named {@code 0}, {@code 1}, …, followed, if they normalise their inputs, by a final
 * normalisation {@code norm}. As a block it takes x[N,L,size], memory[N,S,·] and optionally a mask of the memory.
 */
public final class TransformerDecoder extends Block {
    private final List<TransformerDecoderLayer> layers = new ArrayList<>();
    private final LayerNorm norm;

    /**
     * Creates a decoder.
     *
     * @param count number of layers, at least 1
     * @param settings the settings of each layer
     */
    public TransformerDecoder(int count, TransformerSettings settings) {
        if (count < 1) {
            throw new IllegalArgumentException("transformerDecoder: needs layers, got " + count);
        }
        for (int i = 0; i < count; i++) {
            layers.add(addChild(Integer.toString(i), new TransformerDecoderLayer(settings)));
        }
        norm = settings.preNorm() ? addChild("norm", new LayerNorm(settings.epsilon())) : null;
    }

    @Override
    public NDArray forward(NDArray x) {
        throw new IllegalArgumentException(
                "transformerDecoder: takes x and memory, got x alone; call callAll(x, memory)");
    }

    @Override
    public NDArray[] forwardAll(NDArray... inputs) {
        NDArray[] all = inputs.clone();
        for (TransformerDecoderLayer layer : layers) {
            all[0] = layer.callAll(all)[0];
        }
        return new NDArray[] {norm == null ? all[0] : norm.call(all[0])};
    }
}
