package io.kiln.nn;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.ShapeException;
import io.kiln.op.shape.Movement;
import io.kiln.op.vision.Interpolate;
import io.kiln.op.vision.InterpolationMode;
import io.kiln.op.vision.Vision;
import java.util.stream.LongStream;

/**
 * Enlarges the spatial axes by integer factors: repeats each element (nearest neighbour), or samples like
 * {@link Interpolate}. Shapes: x[N,C,spatial…], each spatial axis of y longer by its factor.
 */
public final class Upsampling extends Block {
    private final long[] factors;
    private final InterpolationMode mode;
    private final boolean alignCorners;

    /**
     * Creates a layer.
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
        mode = InterpolationMode.NEAREST;
        alignCorners = false;
    }

    private Upsampling(long[] factors, InterpolationMode mode, boolean alignCorners) {
        this.factors = factors;
        this.mode = mode;
        this.alignCorners = alignCorners;
    }

    /**
     * Returns this layer with another sampling mode, for known sizes.
     *
     * @param how the mode; {@link InterpolationMode#LINEAR} is bilinear on images
     * @param align whether the first and last elements of both arrays coincide
     * @return a new layer
     */
    public Upsampling mode(InterpolationMode how, boolean align) {
        return new Upsampling(factors, how, align);
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
        long[] size = new long[axes];
        for (int i = 0; i < axes; i++) {
            long factor = factors[factors.length == 1 ? 0 : i];
            size[i] = x.shape().dim(2 + i) * factor;
            y = mode == InterpolationMode.NEAREST ? Movement.repeat(y, factor, 2 + i) : y;
        }
        return mode == InterpolationMode.NEAREST ? y : Vision.interpolate(x, mode, alignCorners, size);
    }
}
