package io.kiln.op.nn;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Argument;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.ParametricOperator;
import io.kiln.op.activation.LogSoftmax;
import io.kiln.op.index.OneHot;
import io.kiln.op.internal.ClassIndices;
import io.kiln.op.internal.Completion;
import io.kiln.op.internal.SoftmaxCrossEntropyGradient;
import io.kiln.op.math.Exp;
import io.kiln.op.math.Masked;
import io.kiln.op.reduce.Sum;
import java.util.List;

/**
 * Cross-entropy of softmax probabilities against class labels, from logits: \(\ell = -\ln p_{label}\) with
 * \(p = \mathrm{softmax}(x)\) along the last axis. Inputs: x[…,K] floating, label[…] of any integer or floating dtype with
 * whole values 0..K-1; others are an error that names the first. Outputs: loss[…], and the probabilities p[…,K].
 */
public record SoftmaxCrossEntropyOp() implements ParametricOperator {
    @Override
    public List<Argument> arguments() {
        return List.of(Argument.data("x"), Argument.data("label"));
    }

    @Override
    public Shape[] complete(Shape... inputs) {
        Shape[] s = inputs.clone();
        s[1] = s[0] == null || s[0].rank() == 0 ? s[1] : Completion.join(s[1], s[0].without(-1));
        return s;
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        Shape x = inputs[0].shape();
        if (!inputs[0].dtype().isFloating()) {
            throw new IllegalArgumentException(
                    "softmaxCrossEntropy: needs a floating dtype, got " + inputs[0] + "; cast it first");
        }
        Shape rows = x.without(-1);
        if (!rows.accepts(inputs[1].shape())) {
            throw new ShapeException(
                    "softmaxCrossEntropy: logits" + x + " need label" + rows + ", got label" + inputs[1].shape());
        }
        return new Spec[] {new Spec(rows, inputs[0].dtype()), inputs[0]};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray p = c.output(1);
        NDArray dx = null;
        if (c.outputGradient(0) != null) {
            dx = Dispatch.one(new SoftmaxCrossEntropyGradient(), c.outputGradient(0), p, c.input(1));
        }
        NDArray dp = c.outputGradient(1);
        if (dp != null) {
            NDArray dot = Dispatch.one(new Sum(List.of(p.shape().rank() - 1L), true), dp.mul(p));
            NDArray more = dp.sub(dot).mul(p);
            dx = dx == null ? more : dx.add(more);
        }
        return new NDArray[] {dx, null};
    }

    @Override
    public NDArray[] compose(NDArray... in) {
        NDArray logP = Dispatch.one(new LogSoftmax(-1), in[0]);
        long classes = in[0].shape().dim(-1);
        NDArray label = Dispatch.one(new ClassIndices("softmaxCrossEntropy", classes), in[1]);
        NDArray hot = Dispatch.one(new OneHot(classes, in[0].dtype()), label);
        NDArray picked = Dispatch.one(new Masked(false), logP, hot); // probabilities of 0 elsewhere do not matter
        return new NDArray[] {picked.sum(-1).neg(), Dispatch.one(new Exp(), logP)};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        // The log-softmax; picking a class is free.
        return Math.multiplyExact(5, inputs[0].shape().size());
    }
}
