package io.kiln.op.reduce;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import java.util.List;

/**
 * Sum over axes: \(y = \sum x\). Dtype: as x, bool and uint8 sum to int64. The sum over no elements is 0. 16-bit floating
 * types are summed in float32.
 *
 * @param axes the axes to sum over, non-negative, ascending; none for all
 * @param keepDims whether the axes stay, with size 1
 */
public record Sum(List<Long> axes, boolean keepDims) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        DType t = inputs[0].dtype();
        return new Spec[] {
            new Spec(
                    ReductionShape.of(inputs[0].shape(), axes, keepDims),
                    t == DType.BOOL || t == DType.UINT8 ? DType.INT64 : t)
        };
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        Shape x = c.input(0).shape();
        NDArray dy = c.outputGradient(0).reshape(ReductionShape.of(x, axes, true));
        return new NDArray[] {dy.broadcastTo(x)};
    }
}
