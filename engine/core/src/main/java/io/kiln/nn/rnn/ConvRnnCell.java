package io.kiln.nn.rnn;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.math.Elementwise;
import java.util.List;

/** A plain convolutional recurrent cell: h = tanh of the sum of both convolutions. */
public final class ConvRnnCell extends ConvCell {
    /**
     * Creates a cell.
     *
     * @param settings channels and kernels
     */
    public ConvRnnCell(Settings settings) {
        super(settings, 1);
    }

    @Override
    public List<Shape> stateShapes(Shape x) {
        return List.of(outputShape(x));
    }

    @Override
    protected NDArray[] step(NDArray x, NDArray... states) {
        NDArray h = Elementwise.tanh(fromInput(x).add(fromState(states[0])));
        return new NDArray[] {h, h};
    }
}
