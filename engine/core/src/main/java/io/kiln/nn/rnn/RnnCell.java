package io.kiln.nn.rnn;

import io.kiln.ndarray.Shape;
import io.kiln.op.Operator;
import io.kiln.op.activation.Activation;
import java.util.List;

/** One step of a plain recurrent network, with the formula of {@link io.kiln.op.recurrent.RnnOp}. Shapes: x[N,I], state and output h[N,hidden]. */
public final class RnnCell extends GatedCell {
    private final long hidden;
    private final Activation activation;

    /**
     * Creates a cell with tanh.
     *
     * @param hidden size of the state
     */
    public RnnCell(long hidden) {
        this(hidden, Activation.TANH);
    }

    /**
     * Creates a cell.
     *
     * @param hidden size of the state
     * @param activation applied to the sum
     */
    public RnnCell(long hidden, Activation activation) {
        super("rnnCell", 1, hidden, 0);
        this.hidden = hidden;
        this.activation = activation;
    }

    @Override
    Operator operator() {
        return new io.kiln.op.recurrent.RnnOp(activation, false, true, false);
    }

    @Override
    public List<Shape> stateShapes(Shape x) {
        return List.of(Shape.of(hidden));
    }
}
