package io.kiln.nn.rnn;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.math.Elementwise;
import java.util.List;

/** A convolutional GRU, with the gates of {@link io.kiln.op.recurrent.GruOp} in the same order. */
public final class ConvGruCell extends ConvCell {
    /**
     * Creates a cell.
     *
     * @param settings channels and kernels
     */
    public ConvGruCell(Settings settings) {
        super(settings, 3);
    }

    @Override
    public List<Shape> stateShapes(Shape x) {
        return List.of(outputShape(x));
    }

    @Override
    protected NDArray[] step(NDArray x, NDArray... states) {
        NDArray a = fromInput(x);
        NDArray b = fromState(states[0]);
        NDArray r = Elementwise.sigmoid(gate(a, 0).add(gate(b, 0)));
        NDArray z = Elementwise.sigmoid(gate(a, 1).add(gate(b, 1)));
        NDArray n = Elementwise.tanh(gate(a, 2).add(r.mul(gate(b, 2))));
        NDArray h = n.add(z.mul(states[0].sub(n)));
        return new NDArray[] {h, h};
    }
}
