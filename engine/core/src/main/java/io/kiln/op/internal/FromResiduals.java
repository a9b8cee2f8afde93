package io.kiln.op.internal;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import java.util.Arrays;

/**
 * A gradient operator that is also given what the forward kernel kept: the residuals of {@link Keeping} follow its own inputs. A
 * backend without a kernel for it runs the gradient operator without them.
 *
 * @param gradient the gradient operator
 * @param residuals the number of residuals
 */
public record FromResiduals(Operator gradient, int residuals) implements Operator {
    @Override
    public String name() {
        return gradient.name();
    }

    private <T> T[] own(T[] inputs) {
        return Arrays.copyOf(inputs, inputs.length - residuals);
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        return gradient.infer(own(inputs));
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return gradient.flops(own(inputs), outputs);
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return CompositeGradient.of(this, c);
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        return Dispatch.run(gradient, own(inputs));
    }
}
