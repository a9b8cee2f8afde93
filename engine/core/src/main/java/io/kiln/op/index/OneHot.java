package io.kiln.op.index;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.math.Eq;
import io.kiln.op.shape.ExpandDims;

/**
 * One-hot vectors: y[…,j] is 1 where j equals the index, else 0; an index outside 0..depth-1, or not whole, gives
 * zeros. Shapes: an axis of size depth after those of the indices. No gradient flows.
 *
 * @param depth length of the vectors
 * @param dtype type of the result
 */
public record OneHot(long depth, DType dtype) implements Operator {
    /** Checks the depth. */
    public OneHot {
        if (depth < 0) {
            throw new IllegalArgumentException("oneHot: depth must be at least 0, got " + depth);
        }
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        return new Spec[] {new Spec(inputs[0].shape().insert(-1, depth), dtype)};
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray indices = Dispatch.one(new ExpandDims(-1), inputs[0]);
        NDArray places = indices.factory().arange(0, depth, 1, DType.INT64);
        return new NDArray[] {Dispatch.one(new Eq(), indices, places).cast(dtype)};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[1];
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return 0;
    }
}
