package io.kiln.op.internal;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.nn.GroupNormOp;

/**
 * The gradient of {@link GroupNormOp}. Inputs: dy[N,C,…], x[N,C,…], gamma[C], beta[C]. Outputs: dx[N,C,…], dgamma[C], dbeta[C].
 *
 * @param groups number of groups
 * @param epsilon added to the variance
 */
public record GroupNormGradient(long groups, double epsilon) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        new GroupNormOp(groups, epsilon).infer(inputs[1], inputs[2], inputs[3]);
        return new Spec[] {inputs[1], inputs[2], inputs[3]};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return CompositeGradient.of(this, c);
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        return CompositeGradient.of(new GroupNormOp(groups, epsilon), inputs[0], inputs[1], inputs[2], inputs[3]);
    }
}
