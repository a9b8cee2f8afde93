package io.kiln.compile;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;

/**
 * How a device likes the weights of a convolution to lie in memory.
 *
 * @param weights their shape, and the dtype in which they are packed
 * @param bytes the memory that they take so
 * @param layout what only the device understands
 */
public record Packing(Spec weights, long bytes, String layout) {
    /**
     * What packed weights are in a program: bytes.
     *
     * @return shape and dtype
     */
    public Spec packed() {
        return new Spec(Shape.of(bytes), DType.UINT8);
    }
}
