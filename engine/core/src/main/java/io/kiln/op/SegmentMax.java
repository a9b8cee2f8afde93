package io.kiln.op;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;

/**
 * Largest elements of each segment: y[s,…] is the largest x[i,…] over the i with segment[i] = s, NaN if one is NaN. Inputs:
 * x[n,…], segment[n] (int32 or int64, from 0 to below count, in any order). Shapes: y[count,…]; a segment without rows gives
 * 0. Dtype: as x. The gradient is shared equally among the elements that are largest.
 *
 * @param count number of segments
 */
public record SegmentMax(long count) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        return SegmentSum.infer(this, count, inputs);
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[] {share(c, count), null};
    }

    /** The gradient of an operator that picks an element of each segment. */
    static NDArray share(GradientContext c, long count) {
        NDArray x = c.input(0);
        NDArray segment = c.input(1);
        NDArray picked = x.eq(Dispatch.one(new Gather(0), c.output(0), segment));
        NDArray equals = Dispatch.one(new SegmentSum(count), picked.cast(x.dtype()), segment);
        NDArray dy = c.outputGradient(0).div(equals.clip(1, Double.POSITIVE_INFINITY));
        return Dispatch.one(new Masked(false), Dispatch.one(new Gather(0), dy, segment), picked);
    }
}
