package io.kiln.compile.internal;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.internal.BatchNormGradient;

/**
 * The gradient of {@link FusedBatchNorm}: that of ReLU, then that of the normalisation. Inputs and outputs are those of
 * {@link BatchNormGradient}, with dy the gradient of the rectified result, and the mask as the last input.
 *
 * @param norm the gradient of the normalisation
 */
public record FusedBatchNormGradient(BatchNormGradient norm) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        return norm.infer(inputs);
    }

    @Override
    public NDArray[] gradient(GradientContext context) {
        throw new UnsupportedOperationException(
                "fusedBatchNormGradient: programs are differentiated before they are fused");
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return Math.addExact(norm.flops(inputs, outputs), outputs[0].shape().size());
    }
}
