package io.kiln.nn;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.ShapeException;
import io.kiln.op.Movement;
import java.util.stream.LongStream;

/**
 * Repeats each element along the spatial axes (nearest neighbour). Shapes: x[N,C,spatial…], each spatial axis of y longer
 * by its factor.
 */
public final class Upsampling extends Block {
    private final long[] factors;

    /**
     * A layer.
     *
     * @param factors one factor, or one per spatial axis, of at least 1
     */
    public Upsampling(long... factors) {
        if (factors.length == 0 || LongStream.of(factors).anyMatch(f -> f < 1)) {
            throw new IllegalArgumentException(
                    "upsampling: needs one factor, or one per spatial axis, of at least 1, got "
                            + LongStream.of(factors).boxed().toList());
        }
        this.factors = factors.clone();
    }

    @Override
    public NDArray forward(NDArray x) {
        int axes = x.shape().rank() - 2;
        if (axes < 1 || factors.length != 1 && factors.length != axes) {
            throw new ShapeException("upsampling: needs x[N,C,spatial…] with "
                    + (factors.length == 1 ? "one spatial axis or more" : factors.length + " spatial axes")
                    + ", got x" + x.shape());
        }
        NDArray y = x;
        for (int i = 0; i < axes; i++) {
            y = Movement.repeat(y, factors[factors.length == 1 ? 0 : i], 2 + i);
        }
        return y;
    }
}
