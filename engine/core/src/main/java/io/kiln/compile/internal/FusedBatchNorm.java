package io.kiln.compile.internal;

import io.kiln.compile.Target;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.nn.BatchNormOp;
import java.util.Arrays;

/**
 * Batch normalisation and ReLU in train mode: inputs and outputs are those of {@link BatchNormOp}, with max(y, 0) as
 * the first output and one additional output: a mask of the positive elements, in the device's format, for
 * {@link FusedBatchNormGradient}. It occurs in compiled programs only, for devices that state the size of the mask
 * ({@link Target#maskBytes}).
 *
 * @param norm the normalisation
 * @param maskBytes size of the mask
 */
public record FusedBatchNorm(BatchNormOp norm, long maskBytes) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        Spec[] outputs = Arrays.copyOf(norm.infer(inputs), 6);
        outputs[5] = new Spec(Shape.of(maskBytes), DType.UINT8);
        return outputs;
    }

    @Override
    public NDArray[] gradient(GradientContext context) {
        throw new UnsupportedOperationException("fusedBatchNorm: programs are differentiated before they are fused");
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return Math.addExact(norm.flops(inputs, outputs), outputs[0].shape().size());
    }
}
