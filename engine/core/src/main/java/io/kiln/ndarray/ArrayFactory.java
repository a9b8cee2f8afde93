package io.kiln.ndarray;

import io.kiln.backend.Backend;
import io.kiln.backend.Backends;
import io.kiln.backend.Device;

/**
 * Creates arrays on one device. {@link NDArray#factory} returns the factory for an array's device, which operators and
 * optimizers use; the static methods of {@link NDArray} create arrays on the
 * {@linkplain Backends#current device of the thread}.
 *
 * @param backend the device's backend
 */
public record ArrayFactory(Backend backend) {
    /**
     * Returns the factory of a device.
     *
     * @param device the device
     * @return its factory
     * @throws IllegalStateException if there is no such device
     */
    public static ArrayFactory on(Device device) {
        return new ArrayFactory(Backends.get(device));
    }

    /**
     * Returns the factory of the calling thread's device.
     *
     * @return the factory behind the static methods of {@link NDArray}
     */
    public static ArrayFactory current() {
        return new ArrayFactory(Backends.current());
    }

    /**
     * A vector of float32.
     *
     * @param values its elements
     * @return the array, of shape [values.length]
     */
    public NDArray of(float... values) {
        return of(Shape.of(values.length), values);
    }

    /**
     * An array of float32.
     *
     * @param shape its shape
     * @param values its elements in row-major order
     * @return the array
     */
    public NDArray of(Shape shape, float... values) {
        NDArray a = forValues(shape, DType.FLOAT32, values.length);
        return HostCopy.put(values, a);
    }

    /**
     * An array of float64.
     *
     * @param shape its shape
     * @param values its elements in row-major order
     * @return the array
     */
    public NDArray of(Shape shape, double... values) {
        NDArray a = forValues(shape, DType.FLOAT64, values.length);
        HostCopy.put(values, a);
        return a;
    }

    /**
     * An array of int32.
     *
     * @param shape its shape
     * @param values its elements in row-major order
     * @return the array
     */
    public NDArray of(Shape shape, int... values) {
        NDArray a = forValues(shape, DType.INT32, values.length);
        HostCopy.put(values, a);
        return a;
    }

    /**
     * An array of int64.
     *
     * @param shape its shape
     * @param values its elements in row-major order
     * @return the array
     */
    public NDArray of(Shape shape, long... values) {
        NDArray a = forValues(shape, DType.INT64, values.length);
        HostCopy.put(values, a);
        return a;
    }

    /**
     * An array of uint8, or of another type of one byte.
     *
     * @param shape its shape
     * @param dtype {@link DType#UINT8} or {@link DType#BOOL}
     * @param values its elements in row-major order
     * @return the array
     */
    public NDArray of(Shape shape, DType dtype, byte... values) {
        if (dtype.bytes() != 1) {
            throw new IllegalArgumentException("of: bytes make an array of uint8 or bool, got dtype " + dtype);
        }
        NDArray a = forValues(shape, dtype, values.length);
        HostCopy.put(values, a);
        return a;
    }

    /**
     * An array of bool.
     *
     * @param shape its shape
     * @param values its elements in row-major order
     * @return the array
     */
    public NDArray of(Shape shape, boolean... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (values[i] ? 1 : 0);
        }
        return of(shape, DType.BOOL, bytes);
    }

    private NDArray forValues(Shape shape, DType dtype, int count) {
        HostArray.checkCount(shape, count);
        return empty(shape, dtype);
    }

    /**
     * A scalar array, without axes.
     *
     * @param value its element
     * @param dtype its type
     * @return the array, of shape []
     */
    public NDArray scalar(double value, DType dtype) {
        return full(Shape.scalar(), value, dtype);
    }

    /**
     * An array of zeros.
     *
     * @param shape its shape
     * @param dtype its type
     * @return the array
     */
    public NDArray zeros(Shape shape, DType dtype) {
        return full(shape, 0, dtype);
    }

    /**
     * An array of ones.
     *
     * @param shape its shape
     * @param dtype its type
     * @return the array
     */
    public NDArray ones(Shape shape, DType dtype) {
        return full(shape, 1, dtype);
    }

    /**
     * An array of equal elements.
     *
     * @param shape its shape
     * @param value the element
     * @param dtype its type
     * @return the array
     */
    public NDArray full(Shape shape, double value, DType dtype) {
        NDArray a = empty(shape, dtype);
        if (value == 0) {
            HostCopy.clear(a);
        } else {
            a.fill(value);
        }
        return a;
    }

    /**
     * Evenly spaced numbers start, start + step, … below stop (above it for a negative step).
     *
     * @param start first number
     * @param stop bound, exclusive
     * @param step distance, not 0
     * @param dtype type of the result
     * @return the array, of shape [ceil((stop - start) / step)]
     */
    public NDArray arange(double start, double stop, double step, DType dtype) {
        if (step == 0 || Double.isNaN(start + stop + step)) {
            throw new IllegalArgumentException(
                    "arange: step must not be 0 and no bound NaN, got " + start + ", " + stop + ", " + step);
        }
        double count = Math.max(0, Math.ceil((stop - start) / step));
        if (count > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException("arange: from " + start + " to " + stop + " in steps of " + step
                    + " are " + count + " numbers, more than a Java array holds; use a larger step");
        }
        int n = (int) count;
        double[] values = new double[n];
        for (int i = 0; i < n; i++) {
            values[i] = start + i * step;
        }
        NDArray a = empty(Shape.of(n), dtype);
        HostCopy.putConverted(values, a);
        return a;
    }

    /**
     * A new array, row-major, with arbitrary content.
     *
     * @param shape its shape, all sizes known
     * @param dtype its element type
     * @return the array
     */
    public NDArray empty(Shape shape, DType dtype) {
        return NDArray.empty(backend, shape, dtype, shape.contiguousStrides());
    }
}
