package io.kiln.init;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;

/**
 * Initializes like another initializer, except for one row of zeros: that of the padding token in a table of vectors.
 *
 * @param others initializer of all other rows
 * @param row index of the row of zeros
 */
public record ZeroRow(Initializer others, long row) implements Initializer {
    @Override
    public NDArray create(Shape shape) {
        if (shape.rank() == 0 || row < 0 || row >= shape.dim(0)) {
            throw new ShapeException("zeroRow: row " + row + " must be one of the rows of " + shape);
        }
        NDArray values = others.create(shape);
        values.slice(0, row, row + 1).fill(0);
        return values;
    }
}
