package io.kiln.kernels;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;

/**
 * Arrays {@code [N, C, spatial…]} whose channels vary fastest. Libraries whose convolutions run on tensor cores want those of 16-bit types so
 * and give their results so; the kernels between pass the order on, since another one would cost a copy. Wider arrays stay row-major.
 */
public final class ChannelsLast {
    private static final int LEAST_AXES = 3;

    private ChannelsLast() {}

    /**
     * Whether the device's libraries want arrays of a type in this order.
     *
     * @param dtype the type
     * @return true for those of 16 bits that are floating
     */
    public static boolean isFor(DType dtype) {
        return dtype.isFloating() && isNarrow(dtype);
    }

    /**
     * Whether kernels that could write any order write the one of an input: this one.
     *
     * @param x the input's layout
     * @return true if so; false for row-major
     */
    public static boolean isKept(Layout x) {
        return isFor(x.dtype()) && is(x);
    }

    /** Strides of an array that a library wants in this order; null where the order does not matter. */
    static long[] wanted(Spec x) {
        boolean has = isFor(x.dtype()) && x.shape().rank() >= LEAST_AXES;
        return has ? x.shape().channelsLastStrides() : null;
    }

    /** Whether an array has this order, and not row-major order as well. */
    private static boolean is(Layout x) {
        Shape shape = x.shape();
        return shape.rank() >= LEAST_AXES && !x.isContiguous() && x.places(shape.channelsLastStrides());
    }

    /**
     * Strides of a result of a pointwise operator: in this order if an input is. Results wider than 16 bits are row-major, such as gradients
     * that are cast for an update in float32.
     *
     * @param inputs layouts that broadcast to the result's shape
     * @param output shape and dtype of the result
     * @return strides in elements; null for row-major
     */
    static long[] like(Layout[] inputs, Spec output) {
        if (isNarrow(output.dtype())) {
            for (Layout x : inputs) {
                if (x.shape().equals(output.shape()) && isNarrow(x.dtype()) && is(x)) {
                    return output.shape().channelsLastStrides();
                }
            }
        }
        return null;
    }

    /**
     * Strides for a plan of a kernel that writes one of the two orders.
     *
     * @param last whether its outputs with spatial axes have their channels last
     * @param outputs shape and dtype of each
     * @return strides of each output; null for row-major
     */
    public static long[][] strides(boolean last, Spec... outputs) {
        if (!last) {
            return null;
        }
        long[][] strides = new long[outputs.length][];
        for (int k = 0; k < strides.length; k++) {
            Shape shape = outputs[k].shape();
            strides[k] = shape.rank() >= LEAST_AXES ? shape.channelsLastStrides() : null;
        }
        return strides;
    }

    /**
     * A new array in this order.
     *
     * @param like where it lies
     * @param spec its shape and dtype
     * @return the array
     */
    public static NDArray empty(NDArray like, Spec spec) {
        return NDArray.empty(like.backend(), new Layout(spec, spec.shape().channelsLastStrides()));
    }

    private static boolean isNarrow(DType dtype) {
        return dtype.bytes() <= Short.BYTES;
    }
}
