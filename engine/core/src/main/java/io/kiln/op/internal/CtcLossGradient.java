package io.kiln.op.internal;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.nn.CtcLoss;

/**
 * The gradient of {@link CtcLoss} with respect to the scores: \(dx_{tnc} = d\ell_n (p_{tnc} - q_{tnc})\) with q the
 * posterior probability that a path of the labels is at class c; 0 after the end of a sequence and where its loss is
 * infinite. Inputs: dloss[N], logits x[T,N,C], label[N,L], inputLength[N], labelLength[N]. Shapes: dx as x. Dtype: as
 * x, computed in float64. It cannot be differentiated again.
 *
 * @param blank the class that stands for no label
 */
public record CtcLossGradient(long blank) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        new CtcLoss(blank, false).infer(inputs[1], inputs[2], inputs[3], inputs[4]);
        return new Spec[] {inputs[1]};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        throw new UnsupportedOperationException(
                "ctcLossGradient: the CTC loss can be differentiated once; do not ask for its second derivative");
    }
}
