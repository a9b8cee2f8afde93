package io.kiln.cpu.onednn;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import java.util.Arrays;

/**
 * Strided memory that an operation reads or writes. The arrays are not copied and must not be changed afterwards.
 *
 * @param dtype element type
 * @param dims sizes of the axes
 * @param strides distance of neighbours along each axis, in elements
 * @param address native address of element 0
 */
public record Tensor(DType dtype, long[] dims, long[] strides, long address) {

    /** Checks that the two arrays have the same length. */
    public Tensor {
        if (dims.length != strides.length) {
            throw new IllegalArgumentException(
                    "tensor: " + dims.length + " sizes, but " + strides.length + " strides; one stride per axis");
        }
    }

    /**
     * Row-major memory without gaps.
     *
     * @param dtype element type
     * @param address native address
     * @param dims sizes of the axes
     * @return the tensor
     */
    public static Tensor rowMajor(DType dtype, long address, long... dims) {
        return new Tensor(dtype, dims, rowMajorStrides(dims), address);
    }

    /**
     * Channels-last memory without gaps: logically {@code [N, C, spatial…]}, physically {@code [N, spatial…, C]}.
     *
     * @param dtype element type
     * @param address native address
     * @param dims sizes of the axes, at least two
     * @return the tensor
     */
    public static Tensor channelsLast(DType dtype, long address, long... dims) {
        return new Tensor(dtype, dims, channelsLastStrides(dims), address);
    }

    /**
     * Strides of row-major memory.
     *
     * @param dims sizes of the axes
     * @return strides in elements
     */
    public static long[] rowMajorStrides(long... dims) {
        long[] strides = new long[dims.length];
        long step = 1;
        for (int i = dims.length - 1; i >= 0; i--) {
            strides[i] = step;
            step *= Math.max(1, dims[i]);
        }
        return strides;
    }

    /**
     * Strides of channels-last memory with the logical order {@code [N, C, spatial…]}.
     *
     * @param dims sizes of the axes, at least two
     * @return strides in elements
     */
    public static long[] channelsLastStrides(long... dims) {
        return Shape.of(dims).channelsLastStrides();
    }

    /**
     * Number of elements.
     *
     * @return product of the sizes
     */
    public long size() {
        long size = 1;
        for (long dim : dims) {
            size *= dim;
        }
        return size;
    }

    /**
     * Whether the memory has the same elements in the same places with other strides: strides of axes of size 1 do not
     * matter.
     *
     * @param other strides in elements
     * @return true if each axis longer than 1 has the same stride
     */
    public boolean hasStrides(long... other) {
        for (int i = 0; i < dims.length; i++) {
            if (dims[i] > 1 && strides[i] != other[i]) {
                return false;
            }
        }
        return true;
    }

    /**
     * Whether oneDNN can describe this memory: no axis longer than 1 repeats its elements or is reversed.
     *
     * @return false if it must be copied first
     */
    public boolean isDescribable() {
        for (int i = 0; i < dims.length; i++) {
            if (dims[i] > 1 && strides[i] <= 0) {
                return false;
            }
        }
        return true;
    }

    /**
     * The same memory with other axes.
     *
     * @param newDims sizes of the axes
     * @param newStrides strides of the axes
     * @return the view
     */
    public Tensor as(long[] newDims, long[] newStrides) {
        return new Tensor(dtype, newDims, newStrides, address);
    }

    @Override
    public String toString() {
        return dtype + Arrays.toString(dims) + " strides " + Arrays.toString(strides);
    }
}
