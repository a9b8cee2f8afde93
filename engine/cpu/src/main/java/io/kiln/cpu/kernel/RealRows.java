package io.kiln.cpu.kernel;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.internal.Memory;

/**
 * Parts of a row of a row-major float32 or float64 array, read into and written from {@code double[]}: kernels that
 * compute in float64 convert piece by piece, close to the computation.
 *
 * <p>Concurrency: an instance belongs to one thread.
 */
final class RealRows {
    private final long address;
    private final boolean wide;
    private float[] buffer = {};

    /**
     * The elements of an array.
     *
     * @param array a row-major array of float32 or float64, kept alive by the caller
     */
    RealRows(NDArray array) {
        address = array.address();
        wide = array.dtype() == DType.FLOAT64;
    }

    /** The array as float64 or float32, row-major; the array itself if it has this form. */
    static NDArray of(NDArray x) {
        NDArray real = HeapMath.as(x, type(x.dtype()));
        return real.isContiguous() ? real : Operands.copy(real);
    }

    /** The dtype in which elements are held: float64 for float64, float32 for all others. */
    static DType type(DType dtype) {
        return dtype == DType.FLOAT64 ? dtype : DType.FLOAT32;
    }

    /** Row-major memory for an output, to be {@linkplain HeapMath#store stored} at the end. */
    static NDArray result(NDArray output) {
        return HeapMath.target(output, type(output.dtype()));
    }

    void get(long from, double[] to, int start, int count) {
        if (wide) {
            Memory.get(address + from * Double.BYTES, to, start, count);
            return;
        }
        reserve(count);
        Memory.get(address + from * Float.BYTES, buffer, 0, count);
        for (int i = 0; i < count; i++) {
            to[start + i] = buffer[i];
        }
    }

    void put(double[] from, int start, long to, int count) {
        if (wide) {
            Memory.put(from, start, address + to * Double.BYTES, count);
            return;
        }
        reserve(count);
        for (int i = 0; i < count; i++) {
            buffer[i] = (float) from[start + i];
        }
        Memory.put(buffer, 0, address + to * Float.BYTES, count);
    }

    private void reserve(int count) {
        if (buffer.length < count) {
            buffer = new float[count];
        }
    }
}
