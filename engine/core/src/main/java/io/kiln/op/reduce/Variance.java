package io.kiln.op.reduce;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import java.util.List;

/**
 * Variance over axes: \(y = \frac 1 {n - k} \sum (x - \bar x)^2\). Dtype: as x; float32 for integers.
 *
 * @param axes the axes to reduce, non-negative, ascending; none for all
 * @param keepDims whether the axes stay, with size 1
 * @param correction k: 0 for the variance of the elements, 1 for an estimate from a sample
 */
public record Variance(List<Long> axes, boolean keepDims, long correction) implements Operator {
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
        NDArray centred = x.sub(Dispatch.one(new Mean(axes, true), x));
        NDArray sum = Dispatch.one(new Sum(axes, keepDims), centred.mul(centred));
        return new NDArray[] {
            sum.div(ReductionShape.count(x.shape(), axes) - correction).cast(type)
        };
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray x = c.input(0);
        NDArray dy = ReductionShape.kept(c.outputGradient(0), x.shape(), axes);
        long n = ReductionShape.count(x.shape(), axes);
        NDArray centred = x.sub(Dispatch.one(new Mean(axes, true), x));
        return new NDArray[] {centred.mul(dy).mul(2.0 / (n - correction))};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        // Mean, centre, square, sum.
        return Math.multiplyExact(4, inputs[0].shape().size());
    }
}
