package io.kiln.nn.transformer;

import io.kiln.ndarray.NDArray;
import io.kiln.nn.Block;
import io.kiln.nn.LayerNorm;
import io.kiln.op.nn.Neural;

/** The base of encoder and decoder layers: parts whose output is added to their input and normalised. */
abstract class TransformerLayer extends Block {
    final TransformerSettings settings;

    TransformerLayer(TransformerSettings settings) {
        this.settings = settings;
    }

    final LayerNorm norm(String name) {
        return addChild(name, new LayerNorm(settings.epsilon()));
    }

    /** A part of a layer. */
    interface Part {
        NDArray run(NDArray x);
    }

    /** x + part(norm(x)), or norm(x + part(x)). */
    final NDArray residual(NDArray x, LayerNorm norm, Part part) {
        NDArray y = part.run(settings.preNorm() ? norm.call(x) : x);
        NDArray sum = x.add(settings.dropout() > 0 ? Neural.dropout(y, settings.dropout()) : y);
        return settings.preNorm() ? sum : norm.call(sum);
    }
}
