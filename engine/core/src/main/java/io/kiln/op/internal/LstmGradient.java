package io.kiln.op.internal;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.DefaultValue;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.recurrent.LstmOp;
import java.util.Arrays;

/**
 * The gradient of {@link LstmOp}, by back-propagation through time. Inputs: dy[T,N,R], the gradient of the cell states, which are
 * those of all steps [T,N,H] or the final one [N,H], if there is one, all inputs of the LSTM, and all its outputs. Outputs: gradients
 * of x, wi, wh, of either bias [4H], and of those of projection, first hidden state and first cell state that there are.
 *
 * @param reverse as in the LSTM
 * @param projected as in the LSTM
 * @param state as in the LSTM
 * @param lengths as in the LSTM
 * @param cells whether a gradient flows from the cell states
 * @param allSteps as in the LSTM
 */
public record LstmGradient(
        boolean reverse,
        boolean projected,
        boolean state,
        boolean lengths,
        boolean cells,
        @DefaultValue("true") boolean allSteps)
        implements Operator {
    /** {@return the operator whose gradient it is} */
    public LstmOp forward() {
        return new LstmOp(reverse, projected, state, lengths, allSteps);
    }

    /** {@return where the inputs of the LSTM begin} */
    public int offset() {
        return cells ? 2 : 1;
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        return RecurrentGradient.specs(forward().inputs(), offset(), inputs);
    }

    /** {@return twice those of the operator: products for the gradients of both factors} */
    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return Math.multiplyExact(2, forward().inputs().flops(Arrays.copyOfRange(inputs, offset(), inputs.length)));
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return CompositeGradient.of(this, c);
    }

    @Override
    public NDArray[] compose(NDArray... in) {
        NDArray[] heads = cells ? new NDArray[] {in[0], in[1]} : new NDArray[] {in[0]};
        RecurrentInputs inputs = forward().inputs();
        return RecurrentGradient.replay(forward(), inputs, heads, RecurrentGradient.part(in, offset(), inputs.count()));
    }
}
