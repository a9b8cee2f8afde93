package io.kiln.op.index;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.internal.CheckedIndices;
import io.kiln.op.internal.Indices;

/**
 * Sums of the rows of each segment: y[s,…] = Σ x[i,…] over the i with segment[i] = s. Inputs: x[n,…], segment[n] (int32 or
 * int64, from 0 to below count, in any order). Shapes: y[count,…]; a segment without rows has sum 0. Dtype: as x.
 *
 * @param count number of segments
 */
public record SegmentSum(long count) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        return infer(this, count, inputs);
    }

    static Spec[] infer(Operator operator, long count, Spec... inputs) {
        Shape x = inputs[0].shape();
        Indices.check(operator.name(), inputs[1]);
        if (count < 0) {
            throw new IllegalArgumentException(operator.name() + ": count must be at least 0, got " + count);
        }
        Shape rows = x.rank() == 0 ? null : Shape.of(x.dim(0));
        if (rows == null || !rows.accepts(inputs[1].shape())) {
            throw new ShapeException(
                    operator.name() + ": needs x[n,…] and segment[n], got x" + x + " and segment" + inputs[1].shape());
        }
        return new Spec[] {new Spec(x.with(0, count), inputs[0].dtype())};
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        return new NDArray[] {sum(count, inputs[0], checked(this, count, inputs[1]))};
    }

    /** The segments, after a check: where they are added, negative ones would count from the end. */
    static NDArray checked(Operator operator, long count, NDArray segment) {
        return Dispatch.one(new CheckedIndices(operator.name(), "segments", count), segment);
    }

    /** Sums of rows by segments that have been checked. */
    static NDArray sum(long count, NDArray x, NDArray segment) {
        NDArray zeros = x.factory().zeros(x.shape().with(0, count), x.dtype());
        return Dispatch.one(new ScatterAdd(0), zeros, segment, x);
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[] {Dispatch.one(new Gather(0), c.outputGradient(0), c.input(1)), null};
    }
}
