package io.kiln.op.reduce;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import java.util.List;

/**
 * Whether at least one element differs from 0 (NaN does), over axes; false over no elements. Dtype: bool. No gradient
 * flows.
 *
 * @param axes the axes to reduce, non-negative, ascending; none for all
 * @param keepDims whether the axes stay, with size 1
 */
public record Any(List<Long> axes, boolean keepDims) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        return new Spec[] {new Spec(ReductionShape.of(inputs[0].shape(), axes, keepDims), DType.BOOL)};
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        return new NDArray[] {
            Dispatch.one(new CountNonzero(axes, keepDims), inputs[0]).ne(0)
        };
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[1];
    }
}
