package io.kiln.op.index;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.internal.AlongAxis;
import io.kiln.op.math.Masked;
import io.kiln.op.math.Where;
import io.kiln.op.reduce.Any;
import io.kiln.op.reduce.Max;
import io.kiln.op.reduce.Min;
import java.util.Arrays;
import java.util.List;

/**
 * Largest elements of each segment: y[s,…] is the largest x[i,…] over the i with segment[i] = s, NaN if one is NaN.
 * Inputs: x[n,…], segment[n] (int32 or int64, from 0 to below count, in any order). Shapes: y[count,…]; a segment
 * without rows gives 0. Dtype: as x. The gradient is shared equally among the largest elements.
 *
 * @param count number of segments
 */
public record SegmentMax(long count) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        return SegmentSum.infer(this, count, inputs);
    }

    /** Compares each row with each segment: memory of count times that of x, for devices without a kernel. */
    @Override
    public NDArray[] compose(NDArray... inputs) {
        return new NDArray[] {pick(name(), true, count, inputs[0], inputs[1])};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[] {share(c, count), null};
    }

    /** The rows of each segment, all others replaced by what is never picked, reduced along the rows. */
    static NDArray pick(String operation, boolean largest, long count, NDArray x, NDArray segment) {
        AlongAxis.checkRange(operation, "segments", segment, count);
        long[] dims = x.shape().dims();
        NDArray zeros = x.factory().zeros(x.shape().with(0, count), x.dtype());
        if (x.size() == 0) {
            return zeros;
        }
        // Integers have no infinity, but an extreme value.
        double infinity = largest ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
        NDArray never = x.dtype().isFloating() ? x.factory().scalar(infinity, x.dtype()) : largest ? x.min() : x.max();
        List<Long> rows = List.of(1L);
        NDArray ids = x.factory().arange(0, count, 1, DType.INT64).reshape(count, 1);
        NDArray mask = segment.cast(DType.INT64).reshape(1, dims[0]).eq(ids);
        long[] wide = new long[dims.length + 1];
        Arrays.fill(wide, 1);
        wide[0] = count;
        wide[1] = dims[0];
        NDArray chosen = Dispatch.one(new Where(), mask.reshape(wide), x.expandDims(0), never);
        NDArray some = Dispatch.one(new Any(rows, false), mask.reshape(wide));
        NDArray picked = Dispatch.one(largest ? new Max(rows, false) : new Min(rows, false), chosen);
        return Dispatch.one(new Where(), some, picked, zeros);
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
