package io.kiln.ndarray;

/**
 * Shape and dtype of an array.
 *
 * @param shape its shape
 * @param dtype its element type
 */
public record Spec(Shape shape, DType dtype) {
    /** {@return dtype and shape, such as {@code float32[2,3]}} */
    @Override
    public String toString() {
        return dtype + shape.toString();
    }
}
