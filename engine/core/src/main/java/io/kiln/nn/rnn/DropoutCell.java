package io.kiln.nn.rnn;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.nn.Neural;
import java.util.List;

/**
 * Drops elements of its input in train mode, other ones in each step, as in {@link io.kiln.op.nn.DropoutOp}; it has no
 * state.
 */
public final class DropoutCell extends RecurrentCell {
    private final double rate;

    /**
     * Creates a cell.
     *
     * @param rate probability that an element is dropped, in [0, 1)
     */
    public DropoutCell(double rate) {
        this.rate = ModifierCell.rate("dropoutCell", "rate", rate);
    }

    @Override
    public List<Shape> stateShapes(Shape x) {
        return List.of();
    }

    @Override
    public Shape outputShape(Shape x) {
        return x.without(0);
    }

    @Override
    protected NDArray[] step(NDArray x, NDArray... states) {
        return new NDArray[] {Neural.dropout(x, rate)};
    }
}
