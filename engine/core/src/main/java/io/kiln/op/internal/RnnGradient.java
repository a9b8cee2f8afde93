package io.kiln.op.internal;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.activation.Activation;
import io.kiln.op.recurrent.RnnOp;
import java.util.Arrays;

/**
 * The gradient of {@link RnnOp}, by back-propagation through time. Inputs: dy[T,N,H], all inputs of the RNN, and its output.
 * Outputs: gradients of x, wi, wh, of either bias [H], and of the first state if there is one.
 *
 * @param activation as in the RNN
 * @param reverse as in the RNN
 * @param state as in the RNN
 * @param lengths as in the RNN
 */
public record RnnGradient(Activation activation, boolean reverse, boolean state, boolean lengths) implements Operator {
    /** {@return the operator whose gradient it is} */
    public RnnOp forward() {
        return new RnnOp(activation, reverse, state, lengths);
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        return RecurrentGradient.specs(forward().inputs(), 1, inputs);
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
        return RecurrentGradient.replay(forward(), inputs, new NDArray[] {in[0]}, given);
    }
}
