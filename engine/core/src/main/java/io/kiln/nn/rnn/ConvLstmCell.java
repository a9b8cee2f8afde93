package io.kiln.nn.rnn;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.math.Elementwise;
import java.util.List;

/** A convolutional LSTM, with the gates of {@link io.kiln.op.recurrent.LstmOp} in the same order and without peepholes; states are h and c. */
public final class ConvLstmCell extends ConvCell {
    /**
     * Creates a cell.
     *
     * @param settings channels and kernels
     */
    public ConvLstmCell(Settings settings) {
        super(settings, 4);
    }

    @Override
    public List<Shape> stateShapes(Shape x) {
        return List.of(outputShape(x), outputShape(x));
    }

    @Override
    protected NDArray[] step(NDArray x, NDArray... states) {
        NDArray all = fromInput(x).add(fromState(states[0]));
        NDArray i = Elementwise.sigmoid(gate(all, 0));
        NDArray f = Elementwise.sigmoid(gate(all, 1));
        NDArray g = Elementwise.tanh(gate(all, 2));
        NDArray o = Elementwise.sigmoid(gate(all, 3));
        NDArray c = f.mul(states[1]).add(i.mul(g));
        NDArray h = o.mul(Elementwise.tanh(c));
        return new NDArray[] {h, h, c};
    }
}
