package io.kiln.ndarray;

import io.kiln.op.BroadcastTo;
import io.kiln.op.Copy;
import io.kiln.op.Dispatch;
import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;

/** Making arrays from Java data, and reading and overwriting their elements from Java. */
public abstract sealed class HostArray permits PointwiseArray {
    private static final PointwiseProgram FILL = PointwiseProgram.of(Expr.scalar(0));
    private static final PointwiseProgram ASSIGN = PointwiseProgram.of(Expr.input(0));

    HostArray() {}

    abstract NDArray self();

    /**
     * A vector of float32.
     *
     * @param values its elements
     * @return the array, of shape [values.length]
     */
    public static NDArray of(float... values) {
        return of(Shape.of(values.length), values);
    }

    /**
     * An array of float32.
     *
     * @param shape its shape
     * @param values its elements in row-major order
     * @return the array
     */
    public static NDArray of(Shape shape, float... values) {
        checkCount(shape, values.length);
        return HostCopy.put(values, NDArray.empty(shape, DType.FLOAT32));
    }

    /**
     * An array of float64.
     *
     * @param shape its shape
     * @param values its elements in row-major order
     * @return the array
     */
    public static NDArray of(Shape shape, double... values) {
        checkCount(shape, values.length);
        NDArray a = NDArray.empty(shape, DType.FLOAT64);
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
    public static NDArray of(Shape shape, int... values) {
        checkCount(shape, values.length);
        NDArray a = NDArray.empty(shape, DType.INT32);
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
    public static NDArray of(Shape shape, long... values) {
        checkCount(shape, values.length);
        NDArray a = NDArray.empty(shape, DType.INT64);
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
    public static NDArray of(Shape shape, DType dtype, byte... values) {
        checkCount(shape, values.length);
        if (dtype.bytes() != 1) {
            throw new IllegalArgumentException("of: bytes make an array of uint8 or bool, got dtype " + dtype);
        }
        NDArray a = NDArray.empty(shape, dtype);
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
    public static NDArray of(Shape shape, boolean... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (values[i] ? 1 : 0);
        }
        return of(shape, DType.BOOL, bytes);
    }

    /**
     * An array without axes.
     *
     * @param value its element
     * @param dtype its type
     * @return the array, of shape []
     */
    public static NDArray scalar(double value, DType dtype) {
        return full(Shape.scalar(), value, dtype);
    }

    /**
     * An array of zeros.
     *
     * @param shape its shape
     * @param dtype its type
     * @return the array
     */
    public static NDArray zeros(Shape shape, DType dtype) {
        return full(shape, 0, dtype);
    }

    /**
     * An array of ones.
     *
     * @param shape its shape
     * @param dtype its type
     * @return the array
     */
    public static NDArray ones(Shape shape, DType dtype) {
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
    public static NDArray full(Shape shape, double value, DType dtype) {
        NDArray a = NDArray.empty(shape, dtype);
        if (value == 0) {
            HostCopy.clear(a);
        } else {
            a.backend().run(FILL, new NDArray[0], new NDArray[] {a}, value);
        }
        return a;
    }

    /**
     * Evenly spaced numbers start, start + step, … below stop (above it for a negative step).
     *
     * @param start first number
     * @param stop bound, not included
     * @param step distance, not 0
     * @param dtype type of the result
     * @return the array, of shape [ceil((stop - start) / step)]
     */
    public static NDArray arange(double start, double stop, double step, DType dtype) {
        if (step == 0 || Double.isNaN(start + stop + step)) {
            throw new IllegalArgumentException(
                    "arange: step must not be 0 and no bound NaN, got " + start + ", " + stop + ", " + step);
        }
        int n = Math.toIntExact((long) Math.max(0, Math.ceil((stop - start) / step)));
        double[] values = new double[n];
        for (int i = 0; i < n; i++) {
            values[i] = start + i * step;
        }
        NDArray a = NDArray.empty(Shape.of(n), dtype);
        HostCopy.putConverted(values, a);
        return a;
    }

    private static void checkCount(Shape shape, int count) {
        if (shape.size() != count) {
            throw new ShapeException(
                    "of: shape " + shape + " has " + shape.size() + " elements, got " + count + " values");
        }
    }

    /**
     * The elements as float32, converted when the dtype differs.
     *
     * @return the elements in row-major order
     */
    public float[] toFloatArray() {
        return HostCopy.floats(rowMajor());
    }

    /**
     * The elements as float64, converted when the dtype differs.
     *
     * @return the elements in row-major order
     */
    public double[] toDoubleArray() {
        return HostCopy.doubles(rowMajor());
    }

    /**
     * The elements as int64; floating ones are cut towards zero.
     *
     * @return the elements in row-major order
     */
    public long[] toLongArray() {
        return HostCopy.longs(rowMajor());
    }

    /**
     * The elements as int32; floating ones are cut towards zero.
     *
     * @return the elements in row-major order
     */
    public int[] toIntArray() {
        long[] l = toLongArray();
        int[] r = new int[l.length];
        for (int i = 0; i < r.length; i++) {
            r[i] = (int) l[i];
        }
        return r;
    }

    /**
     * The raw little-endian bytes of the elements.
     *
     * @return the bytes in row-major order
     */
    public byte[] toByteArray() {
        return HostCopy.bytes(rowMajor());
    }

    /**
     * The value of an array of one element.
     *
     * @return the element
     */
    public double item() {
        if (self().size() != 1) {
            throw new ShapeException("item: needs an array of one element, got shape " + self().shape());
        }
        return HostCopy.first(self());
    }

    /**
     * One element.
     *
     * @param index one index per axis; negative ones count from the end
     * @return the element
     */
    public double get(long... index) {
        return HostCopy.at(self(), index);
    }

    /**
     * Overwrites the elements.
     *
     * @param values new elements in row-major order, converted to the dtype
     */
    public void set(float... values) {
        NDArray a = self();
        checkCount(a.shape(), values.length);
        try (Scope scope = Scope.open()) {
            assign(of(a.shape(), values));
        }
    }

    /**
     * Overwrites the elements with those of another array, converted to this dtype.
     *
     * @param other an array that broadcasts to this shape
     */
    public void assign(NDArray other) {
        NDArray a = self();
        try (Scope scope = Scope.open()) {
            NDArray source = other.shape().equals(a.shape())
                    ? other
                    : other.view(a.shape(), BroadcastTo.strides(other, a.shape()), 0);
            a.backend().run(ASSIGN, new NDArray[] {source}, new NDArray[] {a});
        }
    }

    /**
     * Overwrites every element.
     *
     * @param value the new value
     */
    public void fill(double value) {
        self().backend().run(FILL, new NDArray[0], new NDArray[] {self()}, value);
    }

    private NDArray rowMajor() {
        NDArray a = self();
        return a.isContiguous() ? a : Dispatch.withoutGradient(new Copy(), a);
    }
}
