package io.kiln.nn.rnn;

import io.kiln.ndarray.Shape;
import io.kiln.op.Operator;
import java.util.List;

/** One step of a GRU, with the formulas of {@link io.kiln.op.recurrent.GruOp}. Shapes: x[N,I], state and output h[N,hidden]. */
public final class GruCell extends GatedCell {
    private final long hidden;
    private final boolean linearBeforeReset;

    /**
     * Creates a cell.
     *
     * @param hidden size of the state
     */
    public GruCell(long hidden) {
        this(hidden, true);
    }

    /**
     * Creates a cell.
     *
     * @param hidden size of the state
     * @param linearBeforeReset as in {@link Gru.Builder#linearBeforeReset}
     */
    public GruCell(long hidden, boolean linearBeforeReset) {
        super("gruCell", 3, hidden, 0);
        this.hidden = hidden;
        this.linearBeforeReset = linearBeforeReset;
    }

    @Override
    Operator operator() {
        return new io.kiln.op.recurrent.GruOp(false, true, false, linearBeforeReset);
    }

    @Override
    public List<Shape> stateShapes(Shape x) {
        return List.of(Shape.of(hidden));
    }
}
