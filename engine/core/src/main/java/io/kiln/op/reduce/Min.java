package io.kiln.op.reduce;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import java.util.List;

/**
 * The smallest element over axes; NaN if one is NaN. Dtype: as x. Reducing no elements is an error. The gradient is
 * shared equally among the smallest elements.
 *
 * @param axes the axes to reduce, non-negative, ascending; none for all
 * @param keepDims whether the axes stay, with size 1
 */
public record Min(List<Long> axes, boolean keepDims) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        return new Spec[] {new Spec(ReductionShape.ofSome(name(), inputs[0].shape(), axes, keepDims), inputs[0].dtype())
        };
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[] {Max.share(c, axes)};
    }
}
