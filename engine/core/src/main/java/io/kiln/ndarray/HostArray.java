package io.kiln.ndarray;

import io.kiln.op.Copy;
import io.kiln.op.Dispatch;
import io.kiln.op.FluentOperand;
import io.kiln.op.shape.BroadcastTo;
import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;
import java.util.Arrays;

/** Methods that read and overwrite the elements of arrays from Java. */
public abstract sealed class HostArray extends FluentOperand<NDArray> permits IndexedArray {
    private static final PointwiseProgram FILL = PointwiseProgram.of(Expr.scalar(0));
    private static final PointwiseProgram ASSIGN = PointwiseProgram.of(Expr.input(0));

    HostArray() {}

    static void checkCount(Shape shape, int count) {
        if (shape.size() != count) {
            throw new ShapeException(
                    "of: shape " + shape + " has " + shape.size() + " elements, got " + count + " values");
        }
    }

    /**
     * The elements as float32, converted if the dtype differs.
     *
     * @return the elements in row-major order
     */
    public float[] toFloatArray() {
        return HostCopy.floats(rowMajor());
    }

    /**
     * The elements as float64, converted if the dtype differs.
     *
     * @return the elements in row-major order
     */
    public double[] toDoubleArray() {
        return HostCopy.doubles(rowMajor());
    }

    /**
     * The elements as int64; floating-point ones are truncated towards zero.
     *
     * @return the elements in row-major order
     */
    public long[] toLongArray() {
        return HostCopy.longs(rowMajor());
    }

    /**
     * The elements as int32; floating-point ones are truncated towards zero.
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
     * The elements' memory for reading: waits until they have been computed.
     *
     * @return a view of a row-major array, to be closed
     * @throws IllegalStateException if the elements are not row-major; copy() the array first
     */
    public HostView read() {
        return view("read", HostCopy.Use.READ);
    }

    /**
     * Starts copying the elements from the device to the host, without waiting: whoever reads several prefetched arrays
     * waits only for the first one. Elements that are overwritten before they are read are copied again.
     *
     * @return the array to read: this one, or a copy if its elements are not row-major
     */
    public NDArray prefetch() {
        NDArray a = self();
        a.storage(); // fails for closed and traced arrays
        if (a.backend().traits().hostAddressable()) {
            return a;
        }
        NDArray rowMajor = rowMajor();
        HostCopy.prefetch(rowMajor);
        return rowMajor;
    }

    /**
     * Whether Java can read the elements without waiting for a device: they are in host memory, they were
     * {@linkplain #prefetch prefetched} and have arrived, or they are integers that Java has written itself. The row
     * indices of a batch can then be read within a step.
     *
     * @return false if reading waits
     */
    public boolean isKnownToHost() {
        return HostCopy.isKnown(self());
    }

    /**
     * The elements' memory for overwriting: the initial content is arbitrary, so all of it must be written.
     *
     * @return a view of a row-major array; closing it writes to the array
     * @throws IllegalStateException if the elements are not row-major
     */
    public HostView write() {
        return view("write", HostCopy.Use.WRITE);
    }

    /**
     * The elements' memory for reading and changing: waits until they have been computed.
     *
     * @return a view of a row-major array; closing it writes to the array
     * @throws IllegalStateException if the elements are not row-major
     */
    public HostView update() {
        return view("update", HostCopy.Use.UPDATE);
    }

    private HostView view(String operation, HostCopy.Use use) {
        NDArray a = self();
        a.storage(); // throws for closed and for traced arrays
        if (!a.isContiguous()) {
            throw new IllegalStateException(operation + ": needs a row-major array, got " + a.spec() + " with strides "
                    + Arrays.toString(a.strides()) + "; copy() it first");
        }
        return HostCopy.view(a, 0, a.size(), use);
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
        if (!self().isTraced() && self().size() != 1) {
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
     * Overwrites one element of an array of one axis.
     *
     * @param i index along axis 0; negative ones count from the end
     * @param value the new value
     */
    public void set(long i, double value) {
        put(value, i);
    }

    /**
     * Overwrites one element of an array of two axes.
     *
     * @param i index along axis 0; negative ones count from the end
     * @param j index along axis 1; negative ones count from the end
     * @param value the new value
     */
    public void set(long i, long j, double value) {
        put(value, i, j);
    }

    /**
     * Overwrites one element of an array of three axes.
     *
     * @param i index along axis 0; negative ones count from the end
     * @param j index along axis 1; negative ones count from the end
     * @param k index along axis 2; negative ones count from the end
     * @param value the new value
     */
    public void set(long i, long j, long k, double value) {
        put(value, i, j, k);
    }

    /**
     * Overwrites one element of an array of four axes.
     *
     * @param i index along axis 0; negative ones count from the end
     * @param j index along axis 1; negative ones count from the end
     * @param k index along axis 2; negative ones count from the end
     * @param l index along axis 3; negative ones count from the end
     * @param value the new value
     */
    public void set(long i, long j, long k, long l, double value) {
        put(value, i, j, k, l);
    }

    private void put(double value, long... index) {
        NDArray a = writable("set");
        try (Scope scope = Scope.open()) {
            a.view(Shape.of(), new long[0], HostCopy.place("set", a, index)).fill(value);
        }
    }

    /**
     * Overwrites the elements.
     *
     * @param values new elements in row-major order, converted to the dtype
     */
    public void assign(float... values) {
        NDArray a = self();
        checkCount(a.shape(), values.length);
        try (Scope scope = Scope.open()) {
            assign(a.factory().of(a.shape(), values));
        }
    }

    /**
     * Overwrites the elements with those of another array, converted to this dtype. It may be a view of the same
     * memory.
     *
     * @param other an array that broadcasts to this shape
     * @throws IllegalStateException if elements of this array share memory, as in a broadcast view
     */
    public void assign(NDArray other) {
        NDArray a = writable("assign");
        try (Scope scope = Scope.open()) {
            NDArray source = other.shape().equals(a.shape())
                    ? other
                    : other.view(a.shape(), BroadcastTo.strides(other.layout(), a.shape()), 0);
            boolean shifted = source.storage() == a.storage()
                    && (source.address() != a.address() || !Arrays.equals(source.strides(), a.strides()));
            source = shifted ? Dispatch.withoutGradient(new Copy(), source) : source;
            InPlace.run(ASSIGN, new NDArray[] {source}, new NDArray[] {a});
        }
    }

    /**
     * Overwrites every element.
     *
     * @param value the new value
     * @throws IllegalStateException if elements of this array share memory, as in a broadcast view
     */
    public void fill(double value) {
        NDArray a = writable("fill");
        InPlace.run(FILL, new NDArray[0], new NDArray[] {a}, value);
    }

    private NDArray writable(String operation) {
        NDArray a = self();
        if (!a.isTraced() && Strides.overlap(a.shape(), a.strides())) {
            throw new IllegalStateException(operation + ": elements of " + a.spec() + " with strides "
                    + Arrays.toString(a.strides()) + " share memory; write to a copy() of this view");
        }
        return a;
    }

    private NDArray rowMajor() {
        NDArray a = self();
        a.storage(); // throws for closed and for traced arrays
        return a.isContiguous() ? a : Dispatch.withoutGradient(new Copy(), a);
    }
}
