package io.kiln.nn;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Activation;

/**
 * Weighs the channels by what all of the image says: \(y = x \cdot \sigma(W_2\, \mathrm{relu}(W_1 \bar x))\), where \(\bar
 * x\) is the mean of each channel. Shapes: x[N,C,H,W], y as x. J. Hu et al., CVPR 2018.
 */
public final class SqueezeExcite extends Block {
    private final Conv squeeze;
    private final Conv excite;

    /**
     * A block that squeezes to a sixteenth of the channels, as the paper.
     *
     * @param channels C
     */
    public SqueezeExcite(long channels) {
        this(channels, Math.max(1, channels / 16));
    }

    /**
     * A block.
     *
     * @param channels C
     * @param squeezed rows of \(W_1\)
     */
    public SqueezeExcite(long channels, long squeezed) {
        squeeze = addChild("squeeze", pointwise(squeezed, Activation.RELU));
        excite = addChild("excite", pointwise(channels, Activation.SIGMOID));
    }

    private static Conv pointwise(long channels, Activation activation) {
        return Conv2D.builder()
                .channels(channels)
                .kernel(1)
                .activation(activation)
                .build();
    }

    @Override
    public NDArray forward(NDArray x) {
        return x.mul(excite.call(squeeze.call(x.mean(2, 3).expandDims(2).expandDims(3))));
    }
}
