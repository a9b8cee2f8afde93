package io.kiln.nn.zoo;

import io.kiln.ndarray.NDArray;
import io.kiln.nn.Embedding;
import io.kiln.op.nn.Neural;

/** Output maps whose weights are those of the embedding. */
final class Tied {
    private Tied() {}

    static NDArray words(NDArray y, Embedding embedding) {
        return Neural.linear(y, embedding.parameters().get("weight").data(), null);
    }
}
