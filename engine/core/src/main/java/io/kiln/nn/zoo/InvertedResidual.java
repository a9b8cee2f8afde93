package io.kiln.nn.zoo;

import io.kiln.ndarray.NDArray;
import io.kiln.nn.Block;
import io.kiln.nn.Sequential;
import java.util.function.Supplier;

/**
 * Expands the channels, convolves each separately, and projects to few channels; the input is added if sizes allow it.
 * M. Sandler et al.: MobileNetV2, CVPR 2018.
 */
final class InvertedResidual extends Block {
    private final boolean around;
    private final Sequential body = new Sequential();

    /** {@code squeeze} follows the depthwise convolution and may be null. */
    InvertedResidual(
            long in,
            long expanded,
            long out,
            long kernel,
            long stride,
            Supplier<Block> activation,
            Block squeeze,
            Supplier<Block> norm) {
        around = stride == 1 && in == out;
        if (expanded != in) {
            body.add(Layers.conv(expanded, 1, 1, 0)).add(norm.get()).add(activation.get());
        }
        body.add(Layers.conv(expanded, kernel, stride, (kernel - 1) / 2, expanded))
                .add(norm.get())
                .add(activation.get());
        if (squeeze != null) {
            body.add(squeeze);
        }
        body.add(Layers.conv(out, 1, 1, 0)).add(norm.get());
        addChild("body", body);
    }

    @Override
    public NDArray forward(NDArray x) {
        NDArray y = body.call(x);
        return around ? y.add(x) : y;
    }
}
