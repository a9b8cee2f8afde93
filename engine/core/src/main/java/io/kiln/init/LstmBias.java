package io.kiln.init;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import java.util.Arrays;

/**
 * Zeros, except for the second quarter, the bias of the forget gate in the order input, forget, cell, output. R.
 * Jozefowicz et al., ICML 2015, where it is 1.
 *
 * @param forget bias of the forget gate
 */
public record LstmBias(double forget) implements Initializer {
    /** Uses an initially open forget gate: {@code forget = 1}. */
    public LstmBias() {
        this(1);
    }

    @Override
    public NDArray create(Shape shape) {
        if (shape.rank() != 1 || shape.dim(0) % 4 != 0) {
            throw new ShapeException("lstmBias: needs a bias of four gates, [4·hidden], got " + shape);
        }
        int hidden = Math.toIntExact(shape.dim(0) / 4);
        float[] values = new float[4 * hidden];
        Arrays.fill(values, hidden, 2 * hidden, (float) forget);
        return NDArray.of(shape, values);
    }
}
