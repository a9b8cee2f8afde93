package io.kiln.op.reduce;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import java.util.List;

/**
 * Mean over axes: \(y = \frac 1 n \sum x\). Dtype: as x; float32 for integers. The mean over no elements is NaN.
 *
 * @param axes the axes to reduce, non-negative, ascending; none for all
 * @param keepDims whether the axes stay, with size 1
 */
public record Mean(List<Long> axes, boolean keepDims) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        return new Spec[] {
            new Spec(ReductionShape.of(inputs[0].shape(), axes, keepDims), ReductionShape.floating(inputs[0].dtype()))
        };
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray x = inputs[0];
        DType type = ReductionShape.floating(x.dtype());
        DType wide = type.promote(DType.FLOAT32);
        NDArray sum = Dispatch.one(new Sum(axes, keepDims), x.cast(wide));
        return new NDArray[] {sum.div(ReductionShape.count(x.shape(), axes)).cast(type)};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        Shape x = c.input(0).shape();
        NDArray dy = c.outputGradient(0).div(ReductionShape.count(x, axes));
        return new NDArray[] {ReductionShape.kept(dy, x, axes).broadcastTo(x)};
    }
}
