package io.kiln.op.reduce;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;

/**
 * Running sum along an axis: \(y_i = \sum_{j \le i} x_j\). Shapes: y as x. Dtype: as x, bool and uint8 sum to int64.
 *
 * @param axis the axis; negative ones count from the end
 * @param exclusive whether element i itself is left out
 * @param reverse whether to sum from the end
 */
public record CumulativeSum(int axis, boolean exclusive, boolean reverse) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        inputs[0].shape().axis(axis);
        return new Spec[] {new Spec(inputs[0].shape(), ReductionShape.accumulated(inputs[0].dtype()))};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[] {Dispatch.one(new CumulativeSum(axis, exclusive, !reverse), c.outputGradient(0))};
    }
}
