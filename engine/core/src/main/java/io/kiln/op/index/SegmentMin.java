package io.kiln.op.index;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;

/**
 * Smallest elements of each segment: y[s,…] is the smallest x[i,…] over the i with segment[i] = s, NaN if one is NaN.
 * Inputs: x[n,…], segment[n] (int32 or int64, from 0 to below count, in any order). Shapes: y[count,…]; a segment
 * without rows gives 0. Dtype: as x. The gradient is shared equally among the smallest elements.
 *
 * @param count number of segments
 */
public record SegmentMin(long count) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        return SegmentSum.infer(this, count, inputs);
    }

    /** Compares each row with each segment: memory of count times that of x, for devices without a kernel. */
    @Override
    public NDArray[] compose(NDArray... inputs) {
        return new NDArray[] {SegmentMax.pick(name(), false, count, inputs[0], inputs[1])};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[] {SegmentMax.share(c, count), null};
    }
}
