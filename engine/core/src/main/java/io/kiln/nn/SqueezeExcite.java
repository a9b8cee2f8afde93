package io.kiln.nn;

import io.kiln.ndarray.NDArray;
import io.kiln.op.nn.Neural;
import java.util.function.UnaryOperator;

/**
 * Weights the channels by global information: \(y = x \cdot g(W_2\, f(W_1 \bar x))\), where \(\bar x\) is the mean of
 * each channel. Shapes: x[N,C,H,W], y as x. J. Hu, L. Shen, G. Sun: Squeeze-and-excitation networks, CVPR 2018.
 */
public final class SqueezeExcite extends Block {
    private final Conv squeeze;
    private final Conv excite;
    private final UnaryOperator<NDArray> inner;
    private final UnaryOperator<NDArray> gate;

    /**
     * Creates a block that squeezes to a sixteenth of the channels, as in the paper.
     *
     * @param channels C
     */
    public SqueezeExcite(long channels) {
        this(channels, Math.max(1, channels / 16));
    }

    /**
     * Creates a block with a ReLU and a sigmoid, as in the paper.
     *
     * @param channels C
     * @param squeezed rows of \(W_1\)
     */
    public SqueezeExcite(long channels, long squeezed) {
        this(channels, squeezed, NDArray::relu, NDArray::sigmoid);
    }

    /**
     * Creates a block with other functions.
     *
     * @param channels C
     * @param squeezed rows of \(W_1\)
     * @param inner f
     * @param gate g
     */
    public SqueezeExcite(long channels, long squeezed, UnaryOperator<NDArray> inner, UnaryOperator<NDArray> gate) {
        squeeze = addChild("squeeze", pointwise(squeezed));
        excite = addChild("excite", pointwise(channels));
        this.inner = inner;
        this.gate = gate;
    }

    private static Conv pointwise(long channels) {
        return Conv2D.builder().channels(channels).kernel(1).build();
    }

    @Override
    public NDArray forward(NDArray x) {
        NDArray s = inner.apply(squeeze.call(Neural.globalAvgPool(x)));
        return x.mul(gate.apply(excite.call(s)));
    }
}
