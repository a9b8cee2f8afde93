package io.kiln.op.activation;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
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
 * The logarithm of {@link MaskedSoftmax}, computed in a numerically stable way: \(y = x - \ln \sum_{chosen} e^x\) where
 * the mask chooses, \(-\infty\) elsewhere and in rows without any. Inputs: x, mask (chosen where it differs from 0),
 * which broadcasts to x. Shapes: y as x. Floating dtypes.
 *
 * @param axis the axis, negative ones counted from the end
 */
public record MaskedLogSoftmax(int axis) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        return MaskedSoftmax.infer(this, axis, inputs);
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
        NDArray nothing = x.factory().scalar(Double.NEGATIVE_INFINITY, x.dtype());
        NDArray mask = inputs[1].ne(0);
        NDArray max = Dispatch.one(new Max(axes(x), true), Dispatch.one(new Where(), mask, x, nothing));
        NDArray some = max.ne(Double.NEGATIVE_INFINITY);
        NDArray centred = x.sub(Dispatch.one(new Masked(false), max, some));
        NDArray e = Dispatch.one(
                new Masked(false),
                Dispatch.one(new Masked(false), centred, mask).exp(),
                mask);
        NDArray sum = Dispatch.one(new Sum(axes(x), true), e);
        NDArray y = centred.sub(
                Dispatch.one(new Where(), some, sum, Creation.onesLike(sum)).log());
        return new NDArray[] {Dispatch.one(new Where(), mask, y, nothing).cast(inputs[0].dtype())};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray y = c.output(0);
        NDArray dy = Dispatch.one(new Masked(false), c.outputGradient(0), c.input(1));
        NDArray sum = Dispatch.one(new Sum(axes(y), true), dy);
        return new NDArray[] {dy.sub(y.exp().mul(sum)), null};
    }
}
