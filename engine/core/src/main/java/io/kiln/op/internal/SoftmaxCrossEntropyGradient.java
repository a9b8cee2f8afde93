package io.kiln.op.internal;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.index.OneHot;
import io.kiln.op.nn.SoftmaxCrossEntropyOp;

/**
 * The gradient of {@link SoftmaxCrossEntropyOp}: \(dx = (p - \mathrm{onehot}(label))\, d\ell\). Inputs: dl[…], p[…,K],
 * label[…]. Output: dx[…,K].
 */
public record SoftmaxCrossEntropyGradient() implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        return new Spec[] {inputs[1]};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return CompositeGradient.of(this, c);
    }

    @Override
    public NDArray[] compose(NDArray... in) {
        NDArray hot = Dispatch.one(new OneHot(in[1].shape().dim(-1), in[1].dtype()), in[2]);
        NDArray dl = in[0].reshape(in[0].shape().insert(-1, 1));
        return new NDArray[] {in[1].sub(hot).mul(dl)};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        // A softmax and a product.
        return Math.multiplyExact(6, inputs[0].shape().size());
    }
}
