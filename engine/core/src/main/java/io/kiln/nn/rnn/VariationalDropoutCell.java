package io.kiln.nn.rnn;

import io.kiln.ndarray.NDArray;
import io.kiln.op.nn.Neural;
import java.util.Arrays;

/**
 * Dropout with one mask for all steps of a sequence (Gal and Ghahramani 2016), on the inputs, the initial state and the
 * outputs of a cell, in train mode. New masks are drawn for each unrolled sequence, and for each single step.
 */
public final class VariationalDropoutCell extends ModifierCell {
    private final double inputRate;
    private final double stateRate;
    private final double outputRate;

    /**
     * Creates a cell.
     *
     * @param base the cell
     * @param inputRate probability that an element of the inputs is dropped, in [0, 1)
     * @param stateRate the same for the initial state
     * @param outputRate the same for the outputs
     */
    public VariationalDropoutCell(RecurrentCell base, double inputRate, double stateRate, double outputRate) {
        super(base);
        this.inputRate = rate("variationalDropoutCell", "inputRate", inputRate);
        this.stateRate = rate("variationalDropoutCell", "stateRate", stateRate);
        this.outputRate = rate("variationalDropoutCell", "outputRate", outputRate);
    }

    @Override
    protected NDArray[] step(NDArray x, NDArray... states) {
        Steps one = run(new NDArray[] {x}, states, null, false);
        return join(one.outputs()[0], one.states());
    }

    @Override
    protected Steps run(NDArray[] steps, NDArray[] begin, NDArray lengths, boolean reverse) {
        NDArray onInputs = mask(inputRate, steps[0]);
        NDArray onState = begin.length == 0 ? null : mask(stateRate, begin[0]);
        NDArray onOutputs = null;
        NDArray[] outputs = new NDArray[steps.length];
        NDArray[] states = begin;
        for (int i = 0; i < steps.length; i++) {
            int t = reverse ? steps.length - 1 - i : i;
            NDArray[] old = states;
            NDArray[] used = states.clone();
            if (onState != null) {
                used[0] = used[0].mul(onState);
            }
            NDArray[] next = base.callAll(join(drop(steps[t], onInputs), used));
            onOutputs = i == 0 ? mask(outputRate, next[0]) : onOutputs;
            outputs[t] = drop(next[0], onOutputs);
            states = Arrays.copyOfRange(next, 1, next.length);
            for (int k = 0; lengths != null && k < states.length; k++) {
                states[k] = States.carry(lengths, t, states[k], old[k]);
            }
        }
        return new Steps(outputs, states);
    }

    private static NDArray mask(double rate, NDArray like) {
        return rate == 0 ? null : Neural.dropout(States.ones(like), rate);
    }

    private static NDArray drop(NDArray x, NDArray mask) {
        return mask == null ? x : x.mul(mask);
    }
}
