package io.kiln.nn;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import java.util.Arrays;

/**
 * Moves channels into space: \(y[n, c, w f + i] = x[n, c f + i, w]\), and likewise for two and three axes, where the
 * channel index varies fastest along the last axis. Shapes: x[N, C·f₁·f₂…, H, W…], y[N, C, H·f₁, W·f₂…]. W. Shi et al.,
 * CVPR 2016.
 */
public final class PixelShuffle extends Block {
    private final long[] factors;

    /**
     * Creates a layer for as many spatial axes as there are factors: one to three.
     *
     * @param factors the factor by which each axis grows, at least 1
     */
    public PixelShuffle(long... factors) {
        boolean fits = factors.length >= 1 && factors.length <= 3;
        for (long f : factors) {
            fits &= f >= 1;
        }
        if (!fits) {
            throw new IllegalArgumentException(
                    "pixelShuffle: needs one to three factors of at least 1, got " + Arrays.toString(factors));
        }
        this.factors = factors.clone();
    }

    @Override
    public NDArray forward(NDArray x) {
        Shape s = x.shape();
        int axes = factors.length;
        long product = 1;
        for (long f : factors) {
            product *= f;
        }
        if (s.rank() != axes + 2 || s.dim(1) == Shape.UNKNOWN || s.dim(1) % product != 0) {
            throw new ShapeException("pixelShuffle: needs x[N,C," + axes
                    + " spatial axes] with channels that the factors' product " + product + " divides, got x" + s);
        }
        long[] split = new long[2 + 2 * axes];
        int[] order = new int[2 + 2 * axes];
        long[] joined = new long[2 + axes];
        split[0] = -1;
        joined[0] = -1;
        split[1] = s.dim(1) / product;
        joined[1] = split[1];
        order[1] = 1;
        for (int i = 0; i < axes; i++) {
            split[2 + i] = factors[i];
            split[2 + axes + i] = s.dim(2 + i);
            order[2 + 2 * i] = 2 + axes + i;
            order[3 + 2 * i] = 2 + i;
            joined[2 + i] = s.dim(2 + i) * factors[i];
        }
        return x.reshape(split).transpose(order).reshape(joined);
    }
}
