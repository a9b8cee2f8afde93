package io.kiln.init;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;

/**
 * Sets every element to the same number.
 *
 * @param value the number
 */
public record Constant(double value) implements Initializer {
    @Override
    public NDArray create(Shape shape) {
        return NDArray.full(shape, value, DType.FLOAT32);
    }
}
