package io.kiln.op.vision;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;
import io.kiln.op.index.TakeRows;
import io.kiln.op.nn.Fold;
import io.kiln.op.nn.Unfold;
import io.kiln.op.shape.DepthToSpace;
import io.kiln.op.shape.Movement;
import io.kiln.op.shape.PixelShuffleOp;
import io.kiln.op.shape.PixelUnshuffle;
import io.kiln.op.shape.SpaceToDepth;
import java.util.stream.LongStream;

/** Operators on images and on boxes in them. Boxes are (left, top, right, bottom). */
public final class Vision {
    private Vision() {}

    /**
     * Resamples the spatial axes to given sizes: {@link Interpolate}.
     *
     * @param x images [N,C,spatial…]
     * @param mode how to sample
     * @param alignCorners whether the first and last elements of both arrays coincide
     * @param size the new sizes
     * @return a new array [N,C,size…]
     */
    public static NDArray interpolate(NDArray x, InterpolationMode mode, boolean alignCorners, long... size) {
        return Dispatch.one(new Interpolate(LongStream.of(size).boxed().toList(), mode, alignCorners), x);
    }

    /**
     * Resamples the spatial axes with all attributes: {@link Interpolate}.
     *
     * @param operator the attributes
     * @param x images [N,C,spatial…]
     * @return a new array [N,C,size…]
     */
    public static NDArray interpolate(Interpolate operator, NDArray x) {
        return Dispatch.one(operator, x);
    }

    /**
     * Resamples the spatial axes to sizes multiplied by a factor and truncated to integers: {@link Interpolate}. The
     * sampling points follow from the sizes, not from the factor.
     *
     * @param x images [N,C,spatial…] of known sizes
     * @param mode how to sample
     * @param alignCorners whether the first and last elements of both arrays coincide
     * @param factor the factor, above 0
     * @return a new array
     */
    public static NDArray interpolateBy(NDArray x, InterpolationMode mode, boolean alignCorners, double factor) {
        if (!(factor > 0)) {
            throw new IllegalArgumentException("interpolateBy: factor must be above 0, got " + factor);
        }
        long[] size = LongStream.range(2, x.shape().rank())
                .map(i -> (long) (x.shape().dim((int) i) * factor))
                .toArray();
        return interpolate(x, mode, alignCorners, size);
    }

    /**
     * Samples images at points, bilinearly with zeros outside: {@link GridSample}.
     *
     * @param x images [N,C,H,W]
     * @param grid points [N,h,w,2]
     * @param alignCorners whether -1 and 1 are centres of the outermost elements
     * @return a new array [N,C,h,w]
     */
    public static NDArray gridSample(NDArray x, NDArray grid, boolean alignCorners) {
        return gridSample(new GridSample(InterpolationMode.LINEAR, GridPadding.ZEROS, alignCorners), x, grid);
    }

    /**
     * Samples images at points: {@link GridSample}.
     *
     * @param operator how to sample
     * @param x images [N,C,H,W]
     * @param grid points [N,h,w,2]
     * @return a new array [N,C,h,w]
     */
    public static NDArray gridSample(GridSample operator, NDArray x, NDArray grid) {
        return Dispatch.one(operator, x, grid);
    }

    /**
     * Points of a regular grid under affine maps: {@link AffineGrid}.
     *
     * @param theta maps [N,2,3]
     * @param height rows of the grid
     * @param width columns of the grid
     * @param alignCorners whether -1 and 1 are centres of the outermost elements
     * @return a new array [N,height,width,2]
     */
    public static NDArray affineGrid(NDArray theta, long height, long width, boolean alignCorners) {
        return Dispatch.one(new AffineGrid(height, width, alignCorners), theta);
    }

    /**
     * Pools regions of images to one size: {@link RoiAlign}.
     *
     * @param operator size, scale and samples
     * @param x images [N,C,H,W]
     * @param roi regions [R,5] of (image, left, top, right, bottom)
     * @return a new array [R,C,height,width]
     */
    public static NDArray roiAlign(RoiAlign operator, NDArray x, NDArray roi) {
        return Dispatch.one(operator, x, roi);
    }

    /**
     * Pairwise intersection over union: {@link BoxIou}.
     *
     * @param a boxes […,N,4]
     * @param b boxes […,M,4]
     * @return a new array […,N,M]
     */
    public static NDArray boxIou(NDArray a, NDArray b) {
        return Dispatch.one(new BoxIou(), a, b);
    }

    /**
     * Boxes relative to anchors: {@link BoxEncode}.
     *
     * @param box boxes […,4]
     * @param anchor anchors […,4]
     * @param centre deviation of the centres
     * @param size deviation of the logarithms of the sizes
     * @return a new array […,4]
     */
    public static NDArray boxEncode(NDArray box, NDArray anchor, double centre, double size) {
        return Dispatch.one(new BoxEncode(centre, size), box, anchor);
    }

    /**
     * Boxes from values relative to anchors: {@link BoxDecode}.
     *
     * @param offset what {@link #boxEncode} gives, […,4]
     * @param anchor anchors […,4]
     * @param centre deviation of the centres
     * @param size deviation of the logarithms of the sizes
     * @return boxes […,4]
     */
    public static NDArray boxDecode(NDArray offset, NDArray anchor, double centre, double size) {
        return Dispatch.one(new BoxDecode(centre, size), offset, anchor);
    }

    /**
     * The best boxes that do not overlap: {@link NonMaximumSuppression}.
     *
     * @param operator bounds and counts
     * @param box boxes [B,N,4]
     * @param score scores [B,N]
     * @param classes classes [B,N], int32 or int64; null if all boxes suppress each other
     * @return their places [B,count], then -1
     */
    public static NDArray nonMaximumSuppression(
            NonMaximumSuppression operator, NDArray box, NDArray score, NDArray classes) {
        return classes == null ? Dispatch.one(operator, box, score) : Dispatch.one(operator, box, score, classes);
    }

    /**
     * Takes rows of each image, or a value where the index is negative: {@link TakeRows}.
     *
     * @param x rows [B,N,…]
     * @param index places [B,M], int32 or int64
     * @param value what stands where the index is negative
     * @return a new array [B,M,…]
     */
    public static NDArray takeRows(NDArray x, NDArray index, double value) {
        return Dispatch.one(new TakeRows(value), x, index);
    }

    /**
     * Boxes as (centre x, centre y, width, height) as boxes (left, top, right, bottom).
     *
     * @param box boxes […,4]
     * @return a new array […,4]
     */
    public static NDArray corners(NDArray box) {
        NDArray half = box.slice(-1, 2, 4).mul(0.5);
        NDArray centre = box.slice(-1, 0, 2);
        return Movement.concat(-1, centre.sub(half), centre.add(half));
    }

    /**
     * Boxes as (left, top, right, bottom) as boxes (centre x, centre y, width, height).
     *
     * @param box boxes […,4]
     * @return a new array […,4]
     */
    public static NDArray centres(NDArray box) {
        return Movement.concat(-1, BoxEncode.centres(box), BoxEncode.sizes(box));
    }

    /**
     * Moves channels into blocks of positions, the position slower than the channel: {@link DepthToSpace}.
     *
     * @param x an array [N,C b²,H,W]
     * @param block b
     * @return a new array [N,C,H b,W b]
     */
    public static NDArray depthToSpace(NDArray x, long block) {
        return Dispatch.one(new DepthToSpace(block), x);
    }

    /**
     * Moves blocks of positions into channels: {@link SpaceToDepth}.
     *
     * @param x an array [N,C,H b,W b]
     * @param block b
     * @return a new array [N,C b²,H,W]
     */
    public static NDArray spaceToDepth(NDArray x, long block) {
        return Dispatch.one(new SpaceToDepth(block), x);
    }

    /**
     * Moves channels into positions of a finer grid: {@link PixelShuffleOp}.
     *
     * @param x images [N,C Πf,spatial…]
     * @param factors one factor per spatial axis
     * @return a new array
     */
    public static NDArray pixelShuffle(NDArray x, long... factors) {
        return Dispatch.one(new PixelShuffleOp(LongStream.of(factors).boxed().toList()), x);
    }

    /**
     * Moves positions into channels of a coarser grid: {@link PixelUnshuffle}.
     *
     * @param x images [N,C,spatial…]
     * @param factors one factor per spatial axis
     * @return a new array
     */
    public static NDArray pixelUnshuffle(NDArray x, long... factors) {
        return Dispatch.one(new PixelUnshuffle(LongStream.of(factors).boxed().toList()), x);
    }

    /**
     * Windows of images as columns: {@link Unfold}.
     *
     * @param operator kernel, stride, border and dilation
     * @param x images [N,C,spatial…]
     * @return a new array
     */
    public static NDArray unfold(Unfold operator, NDArray x) {
        return Dispatch.one(operator, x);
    }

    /**
     * Columns summed back into images: {@link Fold}.
     *
     * @param operator sizes, kernel, stride, border and dilation
     * @param x columns [N,C K,L]
     * @return a new array
     */
    public static NDArray fold(Fold operator, NDArray x) {
        return Dispatch.one(operator, x);
    }
}
