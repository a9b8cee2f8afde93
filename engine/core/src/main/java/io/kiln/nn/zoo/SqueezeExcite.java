package io.kiln.nn.zoo;

import io.kiln.ndarray.NDArray;
import io.kiln.nn.Block;
import io.kiln.nn.Conv2D;
import io.kiln.op.Neural;
import java.util.function.UnaryOperator;

/**
 * Scales each channel by a factor that follows from the means of all channels. J. Hu, L. Shen, G. Sun: Squeeze-and-excitation
 * networks, CVPR 2018. Shapes: x[N,C,H,W], y as x.
 */
final class SqueezeExcite extends Block {
    private final Block reduce;
    private final Block expand;
    private final UnaryOperator<NDArray> inner;
    private final UnaryOperator<NDArray> gate;

    SqueezeExcite(long channels, long squeezed, UnaryOperator<NDArray> inner, UnaryOperator<NDArray> gate) {
        reduce =
                addChild("reduce", Conv2D.builder().channels(squeezed).kernel(1).build());
        expand =
                addChild("expand", Conv2D.builder().channels(channels).kernel(1).build());
        this.inner = inner;
        this.gate = gate;
    }

    @Override
    public NDArray forward(NDArray x) {
        NDArray s = inner.apply(reduce.call(Neural.globalAvgPool(x)));
        return x.mul(gate.apply(expand.call(s)));
    }
}
