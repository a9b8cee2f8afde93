package io.kiln.nn.rnn;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.shape.Movement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Two cells, one from the first step to the last, one from the last step of each row to the first; their outputs are
 * concatenated along the features (Schuster and Paliwal 1997). It needs the whole sequence: only
 * {@link RecurrentCell#unroll} runs it.
 */
public final class BidirectionalCell extends RecurrentCell {
    private final RecurrentCell left;
    private final RecurrentCell right;

    /**
     * Creates a pair of cells.
     *
     * @param left the cell that starts with the first step
     * @param right the cell that starts with the last step
     */
    public BidirectionalCell(RecurrentCell left, RecurrentCell right) {
        this.left = addChild("left", left);
        this.right = addChild("right", right);
    }

    @Override
    public List<Shape> stateShapes(Shape x) {
        List<Shape> all = new ArrayList<>(left.stateShapes(x));
        all.addAll(right.stateShapes(x));
        return all;
    }

    @Override
    public Shape outputShape(Shape x) {
        Shape a = left.outputShape(x);
        return a.with(0, a.dim(0) + right.outputShape(x).dim(0));
    }

    @Override
    protected NDArray[] step(NDArray x, NDArray... states) {
        throw new UnsupportedOperationException(
                "bidirectionalCell: cannot take a single step, as it needs the whole sequence; unroll it");
    }

    @Override
    protected Steps run(NDArray[] steps, NDArray[] begin, NDArray lengths, boolean reverse) {
        int split = left.stateShapes(steps[0].shape()).size();
        Steps a = left.run(steps, Arrays.copyOf(begin, split), lengths, reverse);
        Steps b = right.run(steps, Arrays.copyOfRange(begin, split, begin.length), lengths, !reverse);
        NDArray[] outputs = new NDArray[steps.length];
        for (int t = 0; t < outputs.length; t++) {
            outputs[t] = Movement.concat(1, a.outputs()[t], b.outputs()[t]);
        }
        List<NDArray> states = new ArrayList<>(Arrays.asList(a.states()));
        states.addAll(Arrays.asList(b.states()));
        return new Steps(outputs, states.toArray(new NDArray[0]));
    }
}
