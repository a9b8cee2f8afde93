package io.kiln.op.internal;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.vision.RoiAlign;

/**
 * The gradient of {@link RoiAlign} with respect to the images: its transpose. Inputs: dy[R,C,height,width], roi[R,5]. Shapes: dx
 * as given. Dtype: as dy.
 *
 * @param height bins down each region
 * @param width bins across each region
 * @param scale factor from the regions' coordinates to elements of x
 * @param samples points per bin along each axis; 0 for as many as a bin is long, rounded up
 * @param aligned whether coordinates are moved by half an element
 * @param shape shape of the images
 */
public record RoiAlignGradient(long height, long width, double scale, long samples, boolean aligned, Shape shape)
        implements Operator {
    /** Checks the attributes. */
    public RoiAlignGradient {
        check("roiAlignGradient", height, width, scale, samples);
    }

    /** Checks the attributes of the operator and its gradient. */
    public static void check(String operation, long height, long width, double scale, long samples) {
        if (height < 1 || width < 1 || !(scale > 0) || samples < 0) {
            throw new IllegalArgumentException(
                    operation + ": height and width must be at least 1, scale above 0 and samples at least 0, got "
                            + height + ", " + width + ", " + scale + " and " + samples);
        }
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        Shape y = new RoiAlign(height, width, scale, samples, aligned)
                .infer(new Spec(shape, inputs[0].dtype()), inputs[1])[0].shape();
        if (!y.accepts(inputs[0].shape())) {
            throw new ShapeException("roiAlignGradient: x" + shape + " and roi" + inputs[1].shape() + " need dy" + y
                    + ", got dy" + inputs[0].shape());
        }
        return new Spec[] {new Spec(shape, inputs[0].dtype())};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        RoiAlign again = new RoiAlign(height, width, scale, samples, aligned);
        return new NDArray[] {Dispatch.one(again, c.outputGradient(0), c.input(1)), null};
    }
}
