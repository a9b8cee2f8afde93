package io.kiln.op.reduce;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import java.util.List;

/**
 * Index of the largest element along an axis: the first one of equals, the first NaN if there is one. Dtype: int64. No
 * gradient flows.
 *
 * @param axis the axis; negative ones count from the end
 * @param keepDims whether the axis stays, with size 1
 */
public record ArgMax(int axis, boolean keepDims) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        return new Spec[] {
            new Spec(ReductionShape.ofSome(name(), inputs[0].shape(), List.of((long) axis), keepDims), DType.INT64)
        };
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[1];
    }
}
