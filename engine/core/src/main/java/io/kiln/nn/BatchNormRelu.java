package io.kiln.nn;

import io.kiln.ndarray.NDArray;

/**
 * {@link BatchNorm} followed by a ReLU: \(y = \max(0, \mathrm{norm}(x))\). Shapes: y as x. The norm is named
 * {@code norm}.
 */
public final class BatchNormRelu extends Block {
    private final BatchNorm norm;

    /** Creates a layer with the defaults of {@link BatchNorm}. */
    public BatchNormRelu() {
        this(new BatchNorm());
    }

    /**
     * Creates a layer.
     *
     * @param norm the normalisation
     */
    public BatchNormRelu(BatchNorm norm) {
        this.norm = addChild("norm", norm);
    }

    @Override
    public NDArray forward(NDArray x) {
        return norm.call(x).relu();
    }
}
