package io.kiln.op.vision;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.index.Gather;
import io.kiln.op.internal.GridSampleGradient;
import io.kiln.op.math.And;
import io.kiln.op.math.Floor;
import io.kiln.op.math.Masked;
import io.kiln.op.math.Round;

/**
 * Samples images at given points: the sampler of spatial transformers (Jaderberg et al., NeurIPS 2015). Inputs:
 * x[N,C,H,W], grid[N,h,w,2] of points (horizontal, vertical), each from -1 to 1 over the image: its outermost elements'
 * centres with aligned corners, their outer edges otherwise. Shapes: y[N,C,h,w]. Dtype: as x, floating; grid floating.
 * A NaN coordinate lies outside and gives 0. Images of H &middot; W = 0 are an error.
 *
 * @param mode {@link InterpolationMode#NEAREST} (ties to the even place) or {@link InterpolationMode#LINEAR}
 * @param padding what lies outside of the image
 * @param alignCorners whether -1 and 1 are centres of the outermost elements
 */
public record GridSample(InterpolationMode mode, GridPadding padding, boolean alignCorners) implements Operator {
    /** Checks the mode. */
    public GridSample {
        if (mode != InterpolationMode.NEAREST && mode != InterpolationMode.LINEAR) {
            throw new IllegalArgumentException("gridSample: mode must be NEAREST or LINEAR, got " + mode);
        }
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        Shape x = inputs[0].shape();
        Shape grid = inputs[1].shape();
        boolean fits = x.rank() == 4
                && grid.rank() == 4
                && x.dim(2) != 0
                && x.dim(3) != 0
                && Shape.of(x.dim(0), 2).accepts(Shape.of(grid.dim(0), grid.dim(3)))
                && inputs[0].dtype().isFloating()
                && inputs[1].dtype().isFloating();
        if (!fits) {
            throw new ShapeException(
                    "gridSample: expected floating x[N,C,H,W] with H and W of 1 at least and grid[N,h,w,2]," + " got x "
                            + inputs[0] + " and grid " + inputs[1]);
        }
        return new Spec[] {new Spec(Shape.of(x.dim(0), x.dim(1), grid.dim(1), grid.dim(2)), inputs[0].dtype())};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray[] d = Dispatch.run(
                new GridSampleGradient(mode, padding, alignCorners), c.outputGradient(0), c.input(0), c.input(1));
        return new NDArray[] {d[0], d[1]};
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray x = inputs[0];
        Shape s = x.shape();
        NDArray h = coordinate(inputs[1], 0, s.dim(3));
        NDArray v = coordinate(inputs[1], 1, s.dim(2));
        NDArray rows = x.transpose(0, 2, 3, 1).reshape(s.dim(0) * s.dim(2) * s.dim(3), s.dim(1));
        NDArray sum;
        if (mode == InterpolationMode.NEAREST) {
            sum = at(rows, s, round(h), round(v));
        } else {
            NDArray left = floor(h);
            NDArray top = floor(v);
            NDArray right = h.sub(left).expandDims(-1);
            NDArray down = v.sub(top).expandDims(-1);
            NDArray upper = mix(at(rows, s, left, top), at(rows, s, left.add(1), top), right);
            NDArray lower = mix(at(rows, s, left, top.add(1)), at(rows, s, left.add(1), top.add(1)), right);
            NDArray all = mix(upper, lower, down);
            sum = Dispatch.one(new Masked(true), all, h.add(v).isNan().expandDims(-1));
        }
        return new NDArray[] {sum.transpose(0, 3, 1, 2).cast(x.dtype())};
    }

    private static NDArray floor(NDArray x) {
        return Dispatch.one(new Floor(), x);
    }

    private static NDArray round(NDArray x) {
        return Dispatch.one(new Round(false), x);
    }

    private static NDArray mix(NDArray a, NDArray b, NDArray share) {
        return a.add(b.sub(a).mul(share));
    }

    /** Places along an axis of n elements. */
    private NDArray coordinate(NDArray grid, int which, long n) {
        NDArray g = grid.slice(-1, which, which + 1).squeeze(-1);
        NDArray at = alignCorners
                ? g.add(1).mul((n - 1) / 2.0)
                : g.add(1).mul(n / 2.0).sub(0.5);
        return padding == GridPadding.BORDER ? at.clip(0, n - 1) : at;
    }

    /** The elements of all channels at integer positions; 0 outside the image. */
    private static NDArray at(NDArray rows, Shape x, NDArray h, NDArray v) {
        NDArray inside = Dispatch.one(
                new And(),
                Dispatch.one(new And(), h.ge(0), h.lt(x.dim(3))),
                Dispatch.one(new And(), v.ge(0), v.lt(x.dim(2))));
        NDArray i = Dispatch.one(new Masked(false), v.mul(x.dim(3)).add(h), inside);
        NDArray starts = rows.factory().arange(0, x.dim(0), 1, DType.INT64).mul(x.dim(2) * x.dim(3));
        NDArray place = i.cast(DType.INT64).add(starts.reshape(x.dim(0), 1, 1));
        return Dispatch.one(new Masked(false), Dispatch.one(new Gather(0), rows, place), inside.expandDims(-1));
    }
}
