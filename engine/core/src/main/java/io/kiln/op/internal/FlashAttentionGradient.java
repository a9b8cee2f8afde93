package io.kiln.op.internal;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.attention.FlashAttention;
import io.kiln.op.attention.ScaledDotProductAttention;
import java.util.Arrays;

/**
 * The gradient of {@link FlashAttention}: that of {@link ScaledDotProductAttentionGradient}, of weights that are computed again. Inputs:
 * dy[…,L,V], q, k, v, the mask if there is one, and y, whose products with dy are the sums \(\sum_j dP_j P_j\). Outputs: dq, dk, dv.
 *
 * @param scale s
 * @param causal whether later keys are hidden
 * @param masked whether there is a mask
 * @param alignedFirst whether, with causal, the first query sees the first key alone
 */
public record FlashAttentionGradient(double scale, boolean causal, boolean masked, boolean alignedFirst)
        implements Operator {
    /**
     * The operator of which this is the gradient.
     *
     * @return the operator
     */
    public FlashAttention attention() {
        return new FlashAttention(scale, causal, masked, alignedFirst);
    }

    private ScaledDotProductAttention weighted() {
        return attention().unabridged();
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        return new Spec[] {inputs[1], inputs[2], inputs[3]};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        Spec[] given = Arrays.copyOfRange(inputs, 1, inputs.length - 1);
        Spec[] weights = weighted().infer(given);
        long forward = weighted().flops(given, weights);
        Spec[] all = {inputs[0], inputs[1], inputs[2], inputs[3], weights[1]};
        return forward + new ScaledDotProductAttentionGradient(scale, false).flops(all, outputs);
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return CompositeGradient.of(this, c);
    }

    @Override
    public NDArray[] compose(NDArray... in) {
        NDArray[] given = Arrays.copyOfRange(in, 1, in.length - 1);
        NDArray p = Dispatch.run(weighted(), given)[1];
        return Dispatch.run(new ScaledDotProductAttentionGradient(scale, false), in[0], in[1], in[2], in[3], p);
    }
}
