package io.kiln.nn.transformer;

import io.kiln.ndarray.NDArray;
import io.kiln.nn.Block;
import io.kiln.nn.LayerNorm;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A stack of encoder layers named {@code 0}, {@code 1}, …, followed, if they normalise their inputs, by a final
 * normalisation {@code norm}. As a block it takes x[N,L,size], or x and a mask for all layers.
 */
public final class TransformerEncoder extends Block {
    private final List<TransformerEncoderLayer> layers = new ArrayList<>();
    private final LayerNorm norm;

    /**
     * Creates an encoder.
     *
     * @param count number of layers, at least 1
     * @param settings the settings of each layer
     */
    public TransformerEncoder(int count, TransformerSettings settings) {
        if (count < 1) {
            throw new IllegalArgumentException("transformerEncoder: needs layers, got " + count);
        }
        for (int i = 0; i < count; i++) {
            layers.add(addChild(Integer.toString(i), new TransformerEncoderLayer(settings)));
        }
        norm = settings.preNorm() ? addChild("norm", new LayerNorm(settings.epsilon())) : null;
    }

    @Override
    public NDArray forward(NDArray x) {
        return forwardAll(x)[0];
    }

    @Override
    public NDArray[] forwardAll(NDArray... inputs) {
        NDArray y = inputs[0];
        for (TransformerEncoderLayer layer : layers) {
            y = inputs.length > 1 ? layer.callAll(y, inputs[1])[0] : layer.call(y);
        }
        return new NDArray[] {norm == null ? y : norm.call(y)};
    }

    /**
     * Adds elements to a sequence, see {@link TransformerEncoderLayer#extend}; for causal encoders, which are language models.
     *
     * @param x the new elements [N,L,size]
     * @param past keys and values of each layer in turn; none at first
     * @return y [N,L,size], then the keys and values of all elements
     */
    public NDArray[] extend(NDArray x, NDArray... past) {
        NDArray[] result = new NDArray[1 + 2 * layers.size()];
        NDArray y = x;
        for (int i = 0; i < layers.size(); i++) {
            NDArray[] before = past.length == 0 ? past : Arrays.copyOfRange(past, 2 * i, 2 * i + 2);
            NDArray[] next = layers.get(i).extend(y, before);
            y = next[0];
            result[1 + 2 * i] = next[1];
            result[2 + 2 * i] = next[2];
        }
        result[0] = norm == null ? y : norm.call(y);
        return result;
    }
}
