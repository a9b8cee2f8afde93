package io.kiln.op.reduce;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.math.Eq;
import io.kiln.op.math.Masked;
import java.util.List;

/**
 * The largest element over axes; NaN if one is NaN. Dtype: as x. Reducing no elements is an error. The gradient is
 * shared equally among the largest elements.
 *
 * @param axes the axes to reduce, non-negative, ascending; none for all
 * @param keepDims whether the axes stay, with size 1
 */
public record Max(List<Long> axes, boolean keepDims) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        return new Spec[] {new Spec(ReductionShape.ofSome(name(), inputs[0].shape(), axes, keepDims), inputs[0].dtype())
        };
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[] {share(c, axes)};
    }

    /** The gradient of a reduction that picks elements: shared equally among those equal to the picked one. */
    static NDArray share(GradientContext c, List<Long> axes) {
        NDArray x = c.input(0);
        Shape shape = x.shape();
        NDArray picked = Dispatch.one(new Eq(), x, ReductionShape.kept(c.output(0), shape, axes));
        NDArray count = Dispatch.one(new Sum(axes, true), picked.cast(x.dtype()));
        NDArray dy = ReductionShape.kept(c.outputGradient(0), shape, axes);
        return Dispatch.one(new Masked(false), dy.div(count), picked);
    }
}
