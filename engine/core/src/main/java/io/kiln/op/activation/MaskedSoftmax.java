package io.kiln.op.activation;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Creation;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.math.Masked;
import io.kiln.op.math.Where;
import io.kiln.op.reduce.Max;
import io.kiln.op.reduce.Sum;
import java.util.List;

/**
 * Softmax along an axis over the elements selected by a mask; all others get 0, and so do rows without any. Inputs: x,
 * mask (chosen where it differs from 0), which broadcasts to x. Shapes: y as x. Floating dtypes.
 *
 * @param axis the axis, negative ones counted from the end
 */
public record MaskedSoftmax(int axis) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        return infer(this, axis, inputs);
    }

    static Spec[] infer(Operator operator, int axis, Spec... inputs) {
        Shape x = inputs[0].shape();
        LogSoftmax.infer(operator, axis, inputs[0]);
        if (!Shape.broadcast(x, inputs[1].shape(), operator.name()).accepts(x)) {
            throw new ShapeException(
                    operator.name() + ": the mask must broadcast to x" + x + ", got mask" + inputs[1].shape());
        }
        return new Spec[] {inputs[0]};
    }

    private List<Long> axes(NDArray x) {
        return List.of((long) x.shape().axis(axis));
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray x = inputs[0].cast(inputs[0].dtype().promote(DType.FLOAT32));
        if (x.shape().dim(axis) == 0) {
            return new NDArray[] {inputs[0].copy()};
        }
        NDArray mask = inputs[1].ne(0);
        NDArray chosen = Dispatch.one(new Where(), mask, x, x.factory().scalar(Double.NEGATIVE_INFINITY, x.dtype()));
        NDArray max = Dispatch.one(new Max(axes(x), true), chosen);
        NDArray some = max.ne(Double.NEGATIVE_INFINITY);
        NDArray e = Dispatch.one(new Masked(false), x.sub(Dispatch.one(new Masked(false), max, some)), mask);
        NDArray weight = Dispatch.one(new Masked(false), e.exp(), mask);
        NDArray sum = Dispatch.one(new Sum(axes(x), true), weight);
        NDArray y = weight.div(Dispatch.one(new Where(), some, sum, Creation.onesLike(sum)));
        return new NDArray[] {y.cast(inputs[0].dtype())};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray y = c.output(0);
        NDArray dy = c.outputGradient(0);
        NDArray dot = Dispatch.one(new Sum(axes(y), true), dy.mul(y));
        return new NDArray[] {dy.sub(dot).mul(y), null};
    }
}
