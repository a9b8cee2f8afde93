package io.kiln.nn.rnn;

import io.kiln.ndarray.Shape;
import io.kiln.op.Operator;
import java.util.List;

/**
 * One step of an LSTM, with the formulas of {@link io.kiln.op.recurrent.LstmOp}. Shapes: x[N,I], states h[N,hidden] (or, with projection,
 * [N,projection]) and c[N,hidden], output h. With projection it is the LSTMP of Sak et al. 2014, whose parameter
 * {@code h2r_weight} is [projection,hidden].
 */
public final class LstmCell extends GatedCell {
    private final long hidden;
    private final long projection;

    /**
     * Creates a cell.
     *
     * @param hidden size of the state
     */
    public LstmCell(long hidden) {
        this(hidden, 0);
    }

    /**
     * Creates a cell with projection.
     *
     * @param hidden size of the cell state
     * @param projection size of the hidden state; 0 for no projection
     */
    public LstmCell(long hidden, long projection) {
        super("lstmCell", 4, hidden, projection);
        this.hidden = hidden;
        this.projection = projection;
    }

    @Override
    Operator operator() {
        return new io.kiln.op.recurrent.LstmOp(false, projection > 0, true, false);
    }

    @Override
    public List<Shape> stateShapes(Shape x) {
        return List.of(Shape.of(projection > 0 ? projection : hidden), Shape.of(hidden));
    }
}
