package io.kiln.op.internal;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.DefaultValue;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.index.ScatterAdd;
import io.kiln.op.vision.Interpolate;
import io.kiln.op.vision.InterpolationMode;
import java.util.List;

/**
 * The gradient of {@link Interpolate}: its transpose. Shapes: dy[N,C,size…], dx[N,C,spatial…]. Dtype: as dy.
 *
 * @param spatial sizes of the spatial axes of x
 * @param mode how x was sampled
 * @param alignCorners whether first and last elements coincide
 * @param antialias whether the weights were stretched
 */
public record InterpolateGradient(
        List<Long> spatial, InterpolationMode mode, boolean alignCorners, @DefaultValue("false") boolean antialias)
        implements Operator {
    /** Checks the attributes. */
    public InterpolateGradient {
        Resampling.check("interpolateGradient", spatial, mode, alignCorners, antialias);
    }

    /**
     * Of an interpolation without antialiasing.
     *
     * @param spatial sizes of the spatial axes of x
     * @param mode how x was sampled
     * @param alignCorners whether first and last elements coincide
     */
    public InterpolateGradient(List<Long> spatial, InterpolationMode mode, boolean alignCorners) {
        this(spatial, mode, alignCorners, false);
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        Shape dy = inputs[0].shape();
        return new Spec[] {new Spec(Window.withSpatial(dy, dy.dim(1), spatial), inputs[0].dtype())};
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray dy = inputs[0];
        for (int axis = 2; axis < dy.shape().rank(); axis++) {
            long n = spatial.get(axis - 2);
            Resampling r =
                    Resampling.of(mode, alignCorners, antialias, n, dy.shape().dim(axis));
            NDArray dx = dy.factory().zeros(dy.shape().with(axis, n), dy.dtype());
            for (int tap = 0; tap < r.taps(); tap++) {
                dx = Dispatch.one(new ScatterAdd(axis), dx, r.places(dy.factory(), tap), r.weighted(tap, axis, dy));
            }
            dy = dx;
        }
        return new NDArray[] {dy};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        List<Long> size = Window.spatial(c.input(0).shape());
        return new NDArray[] {Dispatch.one(new Interpolate(size, mode, alignCorners, antialias), c.outputGradient(0))};
    }
}
