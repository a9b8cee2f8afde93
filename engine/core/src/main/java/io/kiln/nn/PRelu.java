package io.kiln.nn;

import io.kiln.init.Constant;
import io.kiln.init.Initializer;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.Role;
import java.util.Arrays;

/**
 * A leaky ReLU with learned slope: \(y = \max(x, 0) + a \min(x, 0)\). Shapes: x[N,C,…], a[1] or [C], y as x. The slopes
 * are initialized to 0.25 and are not decayed. K. He et al., ICCV 2015.
 */
public final class PRelu extends Block {
    private final Parameter slope;

    /** Creates a layer with one slope. */
    public PRelu() {
        this(1);
    }

    /**
     * Creates a layer with one slope per channel, axis 1.
     *
     * @param channels number of channels; 1 for one common slope
     */
    public PRelu(long channels) {
        this(channels, new Constant(0.25));
    }

    /**
     * Creates a layer.
     *
     * @param channels number of channels; 1 for one common slope
     * @param initializer initializer of the slopes
     */
    public PRelu(long channels, Initializer initializer) {
        if (channels < 1) {
            throw new IllegalArgumentException("pRelu: channels must be >= 1, got " + channels);
        }
        slope = addParameter(new Parameter("slope", Role.GAMMA, DType.FLOAT32, Shape.of(channels), initializer));
    }

    @Override
    public NDArray forward(NDArray x) {
        NDArray a = slope.data();
        long channels = slope.shape().dim(0);
        if (channels > 1) {
            long[] perChannel = new long[x.shape().rank()];
            Arrays.fill(perChannel, 1);
            perChannel[1] = channels;
            a = a.reshape(perChannel);
        }
        return x.relu().sub(x.neg().relu().mul(a));
    }
}
