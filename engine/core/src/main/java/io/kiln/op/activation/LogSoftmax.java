package io.kiln.op.activation;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.math.Exp;
import io.kiln.op.math.Log;
import io.kiln.op.reduce.Max;
import io.kiln.op.reduce.Sum;
import java.util.List;

/**
 * Logarithm of the softmax along an axis: \(y_i = x_i - \max x - \ln \sum_j e^{x_j - \max x}\). Shapes: y as x. Floating
 * dtypes.
 *
 * @param axis the axis, negative ones counted from the end
 */
public record LogSoftmax(int axis) implements Operator {
    static Spec[] infer(Operator op, int axis, Spec x) {
        x.shape().axis(axis);
        if (!x.dtype().isFloating()) {
            throw new IllegalArgumentException(op.name() + ": needs a floating dtype, got " + x + "; cast it first");
        }
        return new Spec[] {x};
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        return infer(this, axis, inputs[0]);
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray dy = c.outputGradient(0);
        NDArray p = Dispatch.one(new Exp(), c.output(0));
        return new NDArray[] {dy.sub(p.mul(sum(dy)))};
    }

    private NDArray sum(NDArray x) {
        return Dispatch.one(new Sum(List.of((long) x.shape().axis(axis)), true), x);
    }

    @Override
    public NDArray[] compose(NDArray... in) {
        NDArray x = in[0];
        List<Long> axes = List.of((long) x.shape().axis(axis));
        NDArray centred = x.sub(Dispatch.one(new Max(axes, true), x));
        return new NDArray[] {centred.sub(Dispatch.one(new Log(), sum(Dispatch.one(new Exp(), centred))))};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        // Maximum, subtract, exp, sum, subtract.
        return Math.multiplyExact(5, inputs[0].shape().size());
    }
}
