package io.kiln.init;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;

/** Sets every element to 0. */
public record Zeros() implements Initializer {
    @Override
    public NDArray create(Shape shape) {
        return NDArray.zeros(shape, DType.FLOAT32);
    }
}
