package io.kiln.op.internal;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.vision.GridPadding;
import io.kiln.op.vision.GridSample;
import io.kiln.op.vision.InterpolationMode;

/**
 * The gradient of {@link GridSample}. Inputs: dy[N,C,h,w], x[N,C,H,W], grid[N,h,w,2]. Outputs: dx[N,C,H,W], dgrid[N,h,w,2],
 * which is 0 in mode {@link InterpolationMode#NEAREST} and, along an axis, where the border was taken.
 *
 * @param mode how the image was sampled
 * @param padding what lies outside of the image
 * @param alignCorners whether -1 and 1 are centres of the outermost elements
 */
public record GridSampleGradient(InterpolationMode mode, GridPadding padding, boolean alignCorners)
        implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        new GridSample(mode, padding, alignCorners).infer(inputs[1], inputs[2]);
        return new Spec[] {inputs[1], inputs[2]};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return CompositeGradient.of(this, c);
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        return CompositeGradient.of(new GridSample(mode, padding, alignCorners), inputs[0], inputs[1], inputs[2]);
    }
}
