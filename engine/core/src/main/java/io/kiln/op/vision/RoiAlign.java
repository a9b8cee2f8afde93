package io.kiln.op.vision;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.internal.RoiAlignGradient;

/**
 * Pools regions of images to one size without rounding their borders (He et al., Mask R-CNN, ICCV 2017): each region
 * falls into bins; a bin's value is the mean of bilinear samples at regular points inside it. Samples more than one
 * element outside the image are 0; others are clamped to its border. Inputs: x[N,C,H,W], roi[R,5] of (image, left, top,
 * right, bottom), in elements after multiplication by scale; image from 0 to N - 1. Shapes: y[R,C,height,width]. Dtype:
 * as x, floating. No gradient flows to the regions.
 *
 * @param height bins down each region
 * @param width bins across each region
 * @param scale factor from the regions' coordinates to elements of x, above 0
 * @param samples points per bin along each axis; 0 for as many as a bin is long, rounded up
 * @param aligned whether coordinates are moved by half an element, so that centres of elements lie at whole numbers;
 *     otherwise regions are at least one element long
 */
public record RoiAlign(long height, long width, double scale, long samples, boolean aligned) implements Operator {
    /** Checks the attributes. */
    public RoiAlign {
        RoiAlignGradient.check("roiAlign", height, width, scale, samples);
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        Shape x = inputs[0].shape();
        Shape roi = inputs[1].shape();
        if (x.rank() != 4
                || roi.rank() != 2
                || roi.dim(1) != 5
                || !inputs[0].dtype().isFloating()
                || !inputs[1].dtype().isFloating()) {
            throw new ShapeException(
                    "roiAlign: expected floating x[N,C,H,W] and roi[R,5] of (image, left, top, right, bottom), got x "
                            + inputs[0] + " and roi " + inputs[1]);
        }
        return new Spec[] {new Spec(Shape.of(roi.dim(0), x.dim(1), height, width), inputs[0].dtype())};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        RoiAlignGradient g = new RoiAlignGradient(
                height, width, scale, samples, aligned, c.input(0).shape());
        return new NDArray[] {Dispatch.one(g, c.outputGradient(0), c.input(1)), null};
    }
}
