package io.kiln.op.attention;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.internal.Abridged;
import io.kiln.op.internal.CompositeGradient;
import io.kiln.op.internal.FlashAttentionGradient;
import java.util.Arrays;

/**
 * {@link ScaledDotProductAttention} without dropout that returns y alone, so that a device may compute it without the weights P[…,L,S] in
 * memory, in training too (Dao et al. 2022: FlashAttention). A device without a kernel runs {@link ScaledDotProductAttention}. Inputs:
 * q[…,L,E], k[…,S,E], v[…,S,V] and, if there is one, a mask that broadcasts to […,L,S]. Output: y[…,L,V]. Floating dtypes, one for q,
 * k and v.
 *
 * @param scale s, such as \(1/\sqrt E\)
 * @param causal whether later keys are hidden
 * @param masked whether there is a mask
 * @param alignedFirst whether, with causal, the first query sees the first key alone, however many keys there are
 */
public record FlashAttention(double scale, boolean causal, boolean masked, boolean alignedFirst) implements Abridged {
    /** {@return the operator that returns the weights, too} */
    @Override
    public ScaledDotProductAttention unabridged() {
        return new ScaledDotProductAttention(scale, causal, masked, 0, alignedFirst);
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        return new Spec[] {unabridged().infer(inputs)[0]};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return unabridged().flops(inputs, unabridged().infer(inputs));
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray dy = c.outputGradient(0);
        if (dy == null) {
            return new NDArray[c.inputs()];
        }
        if (masked && c.needs(3)) {
            return CompositeGradient.of(this, c);
        }
        FlashAttentionGradient gradient = new FlashAttentionGradient(scale, causal, masked, alignedFirst);
        NDArray[] d = masked
                ? c.run(gradient, dy, c.input(0), c.input(1), c.input(2), c.input(3), c.output(0))
                : c.run(gradient, dy, c.input(0), c.input(1), c.input(2), c.output(0));
        return Arrays.copyOf(d, c.inputs());
    }

    @Override
    public NDArray[] compose(NDArray... in) {
        return new NDArray[] {Dispatch.one(unabridged(), in)};
    }
}
