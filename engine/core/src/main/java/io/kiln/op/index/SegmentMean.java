package io.kiln.op.index;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Creation;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import java.util.Arrays;

/**
 * Means of the rows of each segment: y[s,…] is the mean of x[i,…] over the i with segment[i] = s. Inputs: x[n,…], segment[n]
 * (int32 or int64, from 0 to below count, in any order). Shapes: y[count,…]; a segment without rows has mean 0. Dtype: as x,
 * floating.
 *
 * @param count number of segments
 */
public record SegmentMean(long count) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        if (!inputs[0].dtype().isFloating()) {
            throw new IllegalArgumentException(
                    "segmentMean: needs a floating dtype, got " + inputs[0] + "; cast it first");
        }
        return SegmentSum.infer(this, count, inputs);
    }

    /** How many rows each segment has, at least 1, in a shape that broadcasts against y. */
    private NDArray counts(NDArray x, NDArray segment) {
        NDArray ones = Creation.onesLike(segment).cast(x.dtype().promote(DType.FLOAT32));
        NDArray counts = SegmentSum.sum(count, ones, segment).clip(1, Double.POSITIVE_INFINITY);
        long[] d = new long[x.shape().rank()];
        Arrays.fill(d, 1);
        d[0] = count;
        return counts.reshape(Shape.of(d));
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray x = inputs[0];
        NDArray segment = SegmentSum.checked(this, count, inputs[1]);
        NDArray sum = SegmentSum.sum(count, x.cast(x.dtype().promote(DType.FLOAT32)), segment);
        return new NDArray[] {sum.div(counts(x, segment)).cast(x.dtype())};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray share = c.outputGradient(0).div(counts(c.input(0), c.input(1)));
        return new NDArray[] {Dispatch.one(new Gather(0), share, c.input(1)), null};
    }
}
