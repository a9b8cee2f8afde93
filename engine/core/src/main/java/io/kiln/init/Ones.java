package io.kiln.init;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;

/** Sets every element to 1. */
public record Ones() implements Initializer {
    @Override
    public NDArray create(Shape shape) {
        return NDArray.ones(shape, DType.FLOAT32);
    }
}
