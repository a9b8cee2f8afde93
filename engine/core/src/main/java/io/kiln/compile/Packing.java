package io.kiln.compile;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;

/**
 * The memory layout that a device prefers for the weights of a convolution.
 *
 * @param weights their shape, and the dtype in which they are packed
 * @param bytes size of the packed weights
 * @param layout the layout in the device's own terms
 */
public record Packing(Spec weights, long bytes, String layout) {
    /**
     * The spec of packed weights in a program: bytes.
     *
     * @return shape and dtype
     */
    public Spec packed() {
        return new Spec(Shape.of(bytes), DType.UINT8);
    }
}
