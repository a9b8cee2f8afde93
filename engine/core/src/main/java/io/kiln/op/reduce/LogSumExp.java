package io.kiln.op.reduce;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.math.CompareScalar;
import io.kiln.op.math.Comparison;
import io.kiln.op.math.IsFinite;
import io.kiln.op.math.Masked;
import java.util.List;

/**
 * Logarithm of the sum of exponentials over axes, without overflow: \(y = \ln \sum e^x\). Dtype: as x; float32 for
 * integers. Minus infinity over no elements.
 *
 * @param axes the axes to reduce, non-negative, ascending; none for all
 * @param keepDims whether the axes stay, with size 1
 */
public record LogSumExp(List<Long> axes, boolean keepDims) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        return new Spec[] {
            new Spec(ReductionShape.of(inputs[0].shape(), axes, keepDims), ReductionShape.floating(inputs[0].dtype()))
        };
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        DType type = ReductionShape.floating(inputs[0].dtype());
        NDArray x = inputs[0].cast(type.promote(DType.FLOAT32));
        if (ReductionShape.count(x.shape(), axes) == 0) {
            Shape none = ReductionShape.of(x.shape(), axes, keepDims);
            return new NDArray[] {
                x.factory().scalar(Double.NEGATIVE_INFINITY, type).broadcastTo(none)
            };
        }
        NDArray max = Dispatch.one(new Max(axes, true), x);
        NDArray shift = Dispatch.one(new Masked(false), max, Dispatch.one(new IsFinite(), max));
        NDArray sum = Dispatch.one(new Sum(axes, true), x.sub(shift).exp());
        NDArray y = sum.log().add(shift).cast(type);
        return new NDArray[] {y.reshape(ReductionShape.of(x.shape(), axes, keepDims))};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray x = c.input(0);
        NDArray y = ReductionShape.kept(c.output(0), x.shape(), axes);
        NDArray dy = ReductionShape.kept(c.outputGradient(0), x.shape(), axes);
        // Minus infinity if all elements are; these get zeros, not NaN.
        NDArray shift = Dispatch.one(
                new Masked(true), y, Dispatch.one(new CompareScalar(Comparison.EQ, Double.NEGATIVE_INFINITY), y));
        return new NDArray[] {x.sub(shift).exp().mul(dy)};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        // Maximum, subtract, exp, sum.
        return Math.multiplyExact(4, inputs[0].shape().size());
    }
}
