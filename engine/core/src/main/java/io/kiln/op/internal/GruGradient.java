package io.kiln.op.internal;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.DefaultValue;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.recurrent.GruOp;
import java.util.Arrays;

/**
 * The gradient of {@link GruOp}, by back-propagation through time. Inputs: dy[T,N,H], all inputs of the GRU, and all its outputs.
 * Outputs: gradients of all inputs of the GRU but the lengths.
 *
 * @param reverse as in the GRU
 * @param state as in the GRU
 * @param lengths as in the GRU
 * @param linearBeforeReset as in the GRU
 * @param allSteps as in the GRU
 */
public record GruGradient(
        boolean reverse,
        boolean state,
        boolean lengths,
        @DefaultValue("true") boolean linearBeforeReset,
        @DefaultValue("true") boolean allSteps)
        implements Operator {
    /** {@return the operator whose gradient it is} */
    public GruOp forward() {
        return new GruOp(reverse, state, lengths, linearBeforeReset, allSteps);
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        return Arrays.copyOfRange(inputs, 1, 1 + forward().inputs().varied());
    }

    /** {@return twice those of the operator: products for the gradients of both factors} */
    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return Math.multiplyExact(2, forward().inputs().flops(Arrays.copyOfRange(inputs, 1, inputs.length)));
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return CompositeGradient.of(this, c);
    }

    @Override
    public NDArray[] compose(NDArray... in) {
        RecurrentInputs inputs = forward().inputs();
        NDArray[] given = RecurrentGradient.part(in, 1, inputs.count());
        NDArray[] d = RecurrentGradient.all(forward(), inputs, new NDArray[] {in[0]}, given);
        return RecurrentGradient.part(d, 0, inputs.varied());
    }
}
