package io.kiln.op.activation;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.math.Exp;
import io.kiln.op.reduce.Sum;
import java.util.List;

/**
 * Softmax along an axis: \(y_i = e^{x_i - \max x}/\sum_j e^{x_j - \max x}\). Shapes: y as x. Floating dtypes.
 *
 * @param axis the axis, negative ones counted from the end
 */
public record Softmax(int axis) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        return LogSoftmax.infer(this, axis, inputs[0]);
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray y = c.output(0);
        NDArray dy = c.outputGradient(0);
        NDArray dot = Dispatch.one(new Sum(List.of((long) y.shape().axis(axis)), true), dy.mul(y));
        return new NDArray[] {dy.sub(dot).mul(y)};
    }

    @Override
    public NDArray[] compose(NDArray... in) {
        return new NDArray[] {Dispatch.one(new Exp(), Dispatch.one(new LogSoftmax(axis), in[0]))};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        // Maximum, subtract, exp, sum, divide.
        return Math.multiplyExact(5, inputs[0].shape().size());
    }
}
