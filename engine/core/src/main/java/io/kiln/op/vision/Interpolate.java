package io.kiln.op.vision;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.DefaultValue;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.index.Gather;
import io.kiln.op.internal.InterpolateGradient;
import io.kiln.op.internal.Resampling;
import io.kiln.op.internal.Window;
import java.util.List;

/**
 * Resamples the spatial axes to other sizes, separably along each axis as {@link Resampling} says: bilinear and bicubic
 * interpolation of images, linear of sequences, trilinear of volumes. Where a size is reduced, elements are skipped
 * unless antialiasing or {@link InterpolationMode#AREA} includes all of them. Shapes: x[N,C,spatial…] with one to three
 * spatial axes of at least size 1, y[N,C,size…]. Dtype: as x, floating.
 *
 * @param size the new sizes
 * @param mode how to sample
 * @param alignCorners whether the first and last elements of both arrays coincide; with LINEAR and CUBIC only
 * @param antialias whether the weights are stretched where a size is reduced, as Pillow does; with LINEAR and CUBIC
 *     only, and CUBIC has then a = -1/2
 */
public record Interpolate(
        List<Long> size, InterpolationMode mode, boolean alignCorners, @DefaultValue("false") boolean antialias)
        implements Operator {
    /** Checks the attributes. */
    public Interpolate {
        Resampling.check("interpolate", size, mode, alignCorners, antialias);
    }

    /**
     * Without antialiasing.
     *
     * @param size the new sizes
     * @param mode how to sample
     * @param alignCorners whether the first and last elements of both arrays coincide
     */
    public Interpolate(List<Long> size, InterpolationMode mode, boolean alignCorners) {
        this(size, mode, alignCorners, false);
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        return Window.resize(name(), size, inputs[0]);
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray x = inputs[0];
        for (int axis = 2; axis < x.shape().rank(); axis++) {
            Resampling r =
                    Resampling.of(mode, alignCorners, antialias, x.shape().dim(axis), size.get(axis - 2));
            NDArray sum = null;
            for (int tap = 0; tap < r.taps(); tap++) {
                NDArray part = r.weighted(tap, axis, Dispatch.one(new Gather(axis), x, r.places(x.factory(), tap)));
                sum = sum == null ? part : sum.add(part);
            }
            x = sum;
        }
        return new NDArray[] {x};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        List<Long> old = Window.spatial(c.input(0).shape());
        return new NDArray[] {
            Dispatch.one(new InterpolateGradient(old, mode, alignCorners, antialias), c.outputGradient(0))
        };
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        if (mode == InterpolationMode.NEAREST || mode == InterpolationMode.NEAREST_EXACT) {
            return 0;
        }
        long all = 2;
        for (int i = 0; i < size.size(); i++) {
            Resampling r = Resampling.of(
                    mode, alignCorners, antialias, inputs[0].shape().dim(i + 2), size.get(i));
            all *= r.taps();
        }
        return Math.multiplyExact(all, outputs[0].shape().size());
    }
}
