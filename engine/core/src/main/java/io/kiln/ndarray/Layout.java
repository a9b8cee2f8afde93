package io.kiln.ndarray;

import java.util.Arrays;

/**
 * Shape, element type and strides of an array: everything about it except its memory. Kernels are planned from layouts.
 *
 * @param spec shape and dtype
 * @param strides distance between neighbours along each axis, in elements; must not be written to
 */
public record Layout(Spec spec, long[] strides) {
    /**
     * The layout of an array without gaps whose last axis varies fastest.
     *
     * @param spec shape and dtype
     * @return the row-major layout
     */
    public static Layout rowMajor(Spec spec) {
        return new Layout(spec, spec.shape().contiguousStrides());
    }

    /**
     * The layouts of arrays.
     *
     * @param arrays the arrays
     * @return one layout per array
     */
    public static Layout[] of(NDArray... arrays) {
        Layout[] layouts = new Layout[arrays.length];
        for (int i = 0; i < layouts.length; i++) {
            layouts[i] = arrays[i].layout();
        }
        return layouts;
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof Layout other && spec.equals(other.spec) && Arrays.equals(strides, other.strides);
    }

    @Override
    public int hashCode() {
        return 31 * spec.hashCode() + Arrays.hashCode(strides);
    }

    /** {@return the sizes of the axes} */
    public Shape shape() {
        return spec.shape();
    }

    /** {@return the element type} */
    public DType dtype() {
        return spec.dtype();
    }

    /** {@return the number of elements} */
    public long size() {
        return spec.shape().size();
    }

    /** {@return whether the elements are in row-major order without gaps; also true if there are none} */
    public boolean isContiguous() {
        return Strides.areRowMajor(spec.shape(), strides);
    }

    /** {@return whether the elements have no gaps or repetition in some order of the axes} */
    public boolean isDense() {
        return Strides.areDense(spec.shape(), strides);
    }

    /**
     * Whether arrays with these strides have their elements in the same places; strides of axes of size 1 do not
     * matter.
     *
     * @param other strides of an array of this shape
     * @return true if so
     */
    public boolean places(long... other) {
        return Strides.areSame(spec.shape(), strides, other);
    }
}
