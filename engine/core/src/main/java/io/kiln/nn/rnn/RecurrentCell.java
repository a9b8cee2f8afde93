package io.kiln.nn.rnn;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.nn.Block;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One step of a recurrent network: from an input x[N,…] and states to an output and new states. As a block it takes x
 * followed by the states, or x alone, in which case states start at zero, and returns the output followed by the new
 * states.
 *
 * <p>A cell is {@linkplain #unroll unrolled} over a sequence with a known number of steps; each step is part of a
 * traced graph.
 */
public abstract class RecurrentCell extends Block {
    /** Creates the cell. */
    protected RecurrentCell() {}

    /**
     * The shapes of the states, without the batch.
     *
     * @param x shape of an input, [N,…]
     * @return one shape per state
     */
    public abstract List<Shape> stateShapes(Shape x);

    /**
     * The shape of the output, without the batch.
     *
     * @param x shape of an input, [N,…]
     * @return the shape
     */
    public abstract Shape outputShape(Shape x);

    /**
     * Takes one step.
     *
     * @param x the input [N,…]
     * @param states the states, of {@link #stateShapes} with the batch first
     * @return the output and the new states
     */
    protected abstract NDArray[] step(NDArray x, NDArray... states);

    /**
     * The states before the first step: zeros.
     *
     * @param x an input [N,…]
     * @return one array per state
     */
    public final NDArray[] beginState(NDArray x) {
        return stateShapes(x.shape()).stream().map(s -> States.zeros(x, s)).toArray(NDArray[]::new);
    }

    @Override
    public final NDArray forward(NDArray x) {
        return step(x, beginState(x))[0];
    }

    @Override
    public final NDArray[] forwardAll(NDArray... inputs) {
        NDArray x = inputs[0];
        if (inputs.length == 1) {
            return step(x, beginState(x));
        }
        checkStates(x, inputs.length - 1);
        return step(x, Arrays.copyOfRange(inputs, 1, inputs.length));
    }

    private void checkStates(NDArray x, int got) {
        List<Shape> shapes = stateShapes(x.shape());
        if (got != shapes.size()) {
            throw new IllegalArgumentException(getClass().getSimpleName() + ": takes " + shapes.size()
                    + " states of shapes " + shapes + " behind the batch, got " + got);
        }
    }

    /**
     * Runs a whole sequence, from zero states, with all rows at full length.
     *
     * @param sequence the inputs
     * @param layout the order of its axes
     * @return outputs and states
     */
    public final Unrolled unroll(NDArray sequence, SequenceLayout layout) {
        return unroll(sequence, layout, null, null);
    }

    /**
     * Runs a whole sequence.
     *
     * @param sequence the inputs, with a known number of steps
     * @param layout the order of its axes
     * @param begin the states before the first step; null for zeros
     * @param lengths the number of steps of each row [N], of any dtype; null for all
     * @return outputs and states
     * @throws ShapeException if the number of steps is 0 or unknown
     */
    public final Unrolled unroll(NDArray sequence, SequenceLayout layout, NDArray[] begin, NDArray lengths) {
        NDArray stepsFirst = layout.stepsFirst(sequence);
        long count = stepsFirst.shape().dim(0);
        if (count < 1) {
            throw new ShapeException("unroll: the number of steps must be known and above 0, got sequence "
                    + sequence.shape() + " in layout " + layout + "; a fused layer takes any number");
        }
        NDArray[] steps = new NDArray[Math.toIntExact(count)];
        for (int t = 0; t < steps.length; t++) {
            steps[t] = stepsFirst.slice(0, t, t + 1).squeeze(0);
        }
        if (begin != null) {
            checkStates(steps[0], begin.length);
        }
        Steps result = run(steps, begin == null ? beginState(steps[0]) : begin, lengths, false);
        NDArray[] outputs = result.outputs();
        for (int t = 0; lengths != null && t < outputs.length; t++) {
            outputs[t] = States.cut(lengths, t, outputs[t]);
        }
        return new Unrolled(io.kiln.op.shape.Movement.stack(layout.axis(), outputs), result.states());
    }

    /**
     * Outputs of all steps and the states after the last one.
     *
     * @param outputs one per step, in their own order
     * @param states the states
     */
    protected record Steps(NDArray[] outputs, NDArray... states) {}

    /**
     * Runs all steps; states do not change after the end of a row. Cells that do more than one step after another
     * override it.
     *
     * @param steps the inputs, in their own order
     * @param begin the states before the first step
     * @param lengths the number of steps of each row [N]; null for all
     * @param reverse whether to start with the last step
     * @return outputs and states
     */
    protected Steps run(NDArray[] steps, NDArray[] begin, NDArray lengths, boolean reverse) {
        NDArray[] outputs = new NDArray[steps.length];
        NDArray[] states = begin;
        for (int i = 0; i < steps.length; i++) {
            int t = reverse ? steps.length - 1 - i : i;
            NDArray[] next = callAll(join(steps[t], states));
            outputs[t] = next[0];
            NDArray[] old = states;
            states = Arrays.copyOfRange(next, 1, next.length);
            for (int k = 0; lengths != null && k < states.length; k++) {
                states[k] = States.carry(lengths, t, states[k], old[k]);
            }
        }
        return new Steps(outputs, states);
    }

    /** An array followed by others. */
    static NDArray[] join(NDArray first, NDArray... rest) {
        List<NDArray> all = new ArrayList<>(List.of(first));
        all.addAll(Arrays.asList(rest));
        return all.toArray(new NDArray[0]);
    }
}
