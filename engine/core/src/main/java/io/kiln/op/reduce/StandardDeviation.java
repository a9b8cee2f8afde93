package io.kiln.op.reduce;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.math.Masked;
import java.util.List;

/**
 * Standard deviation over axes: the root of {@link Variance}. Dtype: as x; float32 for integers. The gradient where it is 0
 * is 0.
 *
 * @param axes the axes to reduce, non-negative, ascending; none for all
 * @param keepDims whether the axes stay, with size 1
 * @param correction k: 0 for the deviation of the elements, 1 for an estimate from a sample
 */
public record StandardDeviation(List<Long> axes, boolean keepDims, long correction) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        return new Variance(axes, keepDims, correction).infer(inputs);
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        DType type = ReductionShape.floating(inputs[0].dtype());
        NDArray x = inputs[0].cast(type.promote(DType.FLOAT32));
        NDArray variance = Dispatch.one(new Variance(axes, keepDims, correction), x);
        return new NDArray[] {variance.sqrt().cast(type)};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray x = c.input(0);
        NDArray y = ReductionShape.kept(c.output(0), x.shape(), axes);
        NDArray dy = ReductionShape.kept(c.outputGradient(0), x.shape(), axes);
        long n = ReductionShape.count(x.shape(), axes);
        NDArray centred = x.sub(Dispatch.one(new Mean(axes, true), x));
        NDArray g = centred.mul(dy).div(y.mul(n - correction));
        return new NDArray[] {Dispatch.one(new Masked(false), g, y.ne(0))};
    }
}
