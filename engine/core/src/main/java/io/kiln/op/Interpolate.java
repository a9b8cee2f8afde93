package io.kiln.op;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import java.util.List;

/**
 * Resamples the spatial axes to other sizes, separably along each axis as {@link Resampling} says: bilinear and bicubic
 * interpolation of images, linear of sequences, trilinear of volumes. Without smoothing before sizes are reduced. Shapes:
 * x[N,C,spatial…] with one to three spatial axes of size 1 at least, y[N,C,size…]. Dtype: as x, floating.
 *
 * @param size the new sizes
 * @param mode how to sample
 * @param alignCorners whether the first and last elements of both arrays coincide; not with {@link InterpolationMode#NEAREST}
 */
public record Interpolate(List<Long> size, InterpolationMode mode, boolean alignCorners) implements Operator {
    /** Checks the attributes. */
    public Interpolate {
        check("interpolate", size, mode, alignCorners);
    }

    static void check(String operation, List<Long> size, InterpolationMode mode, boolean alignCorners) {
        if (size.isEmpty() || size.size() > 3 || size.stream().anyMatch(s -> s < 1)) {
            throw new IllegalArgumentException(operation + ": needs one to three sizes, each at least 1, got " + size);
        }
        if (alignCorners && mode == InterpolationMode.NEAREST) {
            throw new IllegalArgumentException(
                    operation + ": alignCorners does not go with mode NEAREST; use LINEAR or CUBIC");
        }
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        Shape x = inputs[0].shape();
        boolean fits = x.rank() == size.size() + 2 && inputs[0].dtype().isFloating();
        for (int i = 2; fits && i < x.rank(); i++) {
            fits = x.dim(i) != 0;
        }
        if (!fits) {
            throw new ShapeException("interpolate: sizes " + size + " need floating x[N,C," + size.size()
                    + " spatial axes] of size 1 at least, got " + inputs[0]);
        }
        return new Spec[] {new Spec(Window.withSpatial(x, x.dim(1), size), inputs[0].dtype())};
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray x = inputs[0];
        for (int axis = 2; axis < x.shape().rank(); axis++) {
            Resampling r = Resampling.of(mode, alignCorners, x.shape().dim(axis), size.get(axis - 2));
            NDArray sum = null;
            for (int tap = 0; tap < r.taps(); tap++) {
                NDArray part = Dispatch.one(new Gather(axis), x, r.places(tap))
                        .mul(r.weights(tap, x.shape().rank(), axis, x.dtype()));
                sum = sum == null ? part : sum.add(part);
            }
            x = sum;
        }
        return new NDArray[] {x};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        List<Long> old = Window.spatial(c.input(0).shape());
        return new NDArray[] {Dispatch.one(new InterpolateGradient(old, mode, alignCorners), c.outputGradient(0))};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        long taps = mode == InterpolationMode.NEAREST ? 0 : mode == InterpolationMode.LINEAR ? 2 : 4;
        long all = 2;
        for (int i = 0; i < size.size(); i++) {
            all *= taps;
        }
        return Math.multiplyExact(all, outputs[0].shape().size());
    }
}
