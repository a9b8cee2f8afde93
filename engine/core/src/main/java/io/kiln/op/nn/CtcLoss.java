package io.kiln.op.nn;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.internal.CtcLossGradient;
import io.kiln.op.internal.Indices;

/**
 * Connectionist temporal classification (Graves et al., ICML 2006): \(\ell_n = -\ln \sum_\pi \prod_t p_{t,n,\pi_t}\)
 * over all paths \(\pi\) that become the labels of sequence n when repetitions are merged and blanks removed, with p
 * the softmax of the scores over the last axis. Inputs: logits x[T,N,C], label[N,L], inputLength[N] (0 to T),
 * labelLength[N] (0 to L), the last three int32 or int64; labels from 0 to C - 1 without the blank. Steps and labels
 * past their lengths are ignored. Outputs: loss[N]. A sequence too short for its labels has an infinite loss and no
 * gradient; so has one of no steps with labels, while no steps and no labels have loss 0. Dtype: as x, computed in
 * float64. It can be differentiated once.
 *
 * @param blank the class that stands for no label
 * @param zeroInfinity whether infinite losses become 0
 */
public record CtcLoss(long blank, boolean zeroInfinity) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        if (inputs.length != 4) {
            throw new IllegalArgumentException(
                    "ctcLoss: needs logits, label, inputLength and labelLength, got " + inputs.length + " inputs");
        }
        Shape x = inputs[0].shape();
        if (x.rank() != 3 || !inputs[0].dtype().isFloating()) {
            throw new ShapeException("ctcLoss: expected floating logits[T,N,C], got " + inputs[0]);
        }
        for (int i = 1; i < 4; i++) {
            Indices.check(name(), inputs[i]);
        }
        Shape labels = inputs[1].shape();
        Shape n = Shape.of(x.dim(1));
        boolean fits = labels.rank() == 2
                && n.accepts(labels.without(1))
                && n.accepts(inputs[2].shape())
                && n.accepts(inputs[3].shape());
        if (!fits) {
            throw new ShapeException("ctcLoss: logits" + x + " need label[" + x.dim(1) + ",L] and lengths" + n
                    + ", got label" + labels + ", inputLength" + inputs[2].shape() + " and labelLength"
                    + inputs[3].shape());
        }
        if (blank < 0 || x.dim(2) != Shape.UNKNOWN && blank >= x.dim(2)) {
            throw new ShapeException("ctcLoss: blank must be from 0 to " + (x.dim(2) - 1) + ", the last class of logits"
                    + x + ", got " + blank);
        }
        return new Spec[] {new Spec(n, inputs[0].dtype())};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray dx = Dispatch.one(
                new CtcLossGradient(blank), c.outputGradient(0), c.input(0), c.input(1), c.input(2), c.input(3));
        return new NDArray[] {dx, null, null, null};
    }
}
