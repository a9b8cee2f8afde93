package io.kiln.nn;

import io.kiln.ndarray.NDArray;
import io.kiln.op.activation.Activation;

/**
 * A convolution of each channel by itself, then a pointwise convolution over all channels, each with batch norm and
 * ReLU. Shapes: x[N,in,H,W], y[N,out,⌈H/stride⌉,⌈W/stride⌉]. A. Howard et al., arXiv:1704.04861.
 */
public final class DepthwiseSeparable extends Block {
    private final Sequential layers;

    /**
     * Creates a block with 3×3 windows and stride 1.
     *
     * @param in channels of x
     * @param out channels of y
     */
    public DepthwiseSeparable(long in, long out) {
        this(in, out, 3, 1);
    }

    /**
     * Creates a block.
     *
     * @param in channels of x
     * @param out channels of y
     * @param kernel size of the window, odd
     * @param stride its step
     */
    public DepthwiseSeparable(long in, long out, long kernel, long stride) {
        if (kernel % 2 == 0) {
            throw new IllegalArgumentException("depthwiseSeparable: kernel must be odd, got " + kernel);
        }
        Conv depthwise = Conv2D.builder()
                .channels(in)
                .kernel(kernel)
                .stride(stride)
                .pad(kernel / 2)
                .groups(in)
                .useBias(false)
                .activation(Activation.NONE)
                .build();
        Conv pointwise = Conv2D.builder().channels(out).kernel(1).useBias(false).build();
        layers = addChild("layers", new Sequential(depthwise, new BatchNormRelu(), pointwise, new BatchNormRelu()));
    }

    @Override
    public NDArray forward(NDArray x) {
        return layers.call(x);
    }
}
