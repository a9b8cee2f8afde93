package io.kiln.ndarray;

import io.kiln.op.Dispatch;
import io.kiln.op.index.Gather;
import io.kiln.op.index.ScatterAdd;
import io.kiln.op.index.SegmentSum;
import io.kiln.op.shape.Concat;
import java.util.Arrays;
import java.util.stream.LongStream;

/**
 * An array of which only some rows differ from 0: their indices and their elements. The gradient of a lookup table has
 * this form after a batch that has looked up few of its rows.
 *
 * <p>Ownership: an instance owns both arrays and {@link #close()} frees them.
 */
public final class RowSparse implements AutoCloseable {
    private final Shape shape;
    private final NDArray indices;
    private final NDArray rows;

    private RowSparse(Shape shape, NDArray indices, NDArray rows) {
        this.shape = shape;
        this.indices = indices;
        this.rows = rows;
    }

    /**
     * Combines rows by index; rows with the same index are added, in order. Java must know the number of distinct
     * indices: if it does not {@linkplain NDArray#isKnownToHost know} the indices, it waits for them.
     *
     * @param shape shape of the whole array, with at least one axis
     * @param indices row indices, int32 or int64, of any shape, each at least 0 and below the size of the first axis
     * @param rows the elements: the axes of indices, then those of the array except the first
     * @return indices in ascending order, each once, with their rows
     */
    public static RowSparse of(Shape shape, NDArray indices, NDArray rows) {
        return of(shape, indices.toLongArray(), rows);
    }

    private static RowSparse of(Shape shape, long[] numbers, NDArray rows) {
        Shape row = shape.without(0);
        long count = numbers.length;
        if (rows.size() != count * row.size()) {
            throw new ShapeException("rowSparse: " + count + " rows of an array " + shape + " need "
                    + count * row.size() + " elements, got rows" + rows.shape());
        }
        long[] distinct = Arrays.stream(numbers).sorted().distinct().toArray();
        if (distinct.length > 0 && (distinct[0] < 0 || distinct[distinct.length - 1] >= shape.dim(0))) {
            throw new IndexOutOfBoundsException("rowSparse: rows must be from 0 to " + (shape.dim(0) - 1) + ", got "
                    + (distinct[0] < 0 ? distinct[0] : distinct[distinct.length - 1]));
        }
        long[] segment = new long[numbers.length];
        for (int i = 0; i < segment.length; i++) {
            segment[i] = Arrays.binarySearch(distinct, numbers[i]);
        }
        long[] flat = new long[row.rank() + 1];
        System.arraycopy(row.dims(), 0, flat, 1, row.rank());
        flat[0] = count;
        try (Scope temporaries = Scope.open()) {
            NDArray sums = Dispatch.withoutGradient(
                    new SegmentSum(distinct.length),
                    rows.reshape(Shape.of(flat)),
                    rows.factory().of(Shape.of(count), segment));
            return new RowSparse(
                    shape,
                    temporaries.keep(rows.factory().of(Shape.of(distinct.length), distinct)),
                    temporaries.keep(sums));
        }
    }

    /**
     * The rows of an array that have a nonzero element.
     *
     * @param array the array, with at least one axis
     * @return indices and copies of these rows
     */
    public static RowSparse fromDense(NDArray array) {
        long n = array.shape().dim(0);
        long width = array.shape().without(0).size();
        try (Scope temporaries = Scope.open()) {
            boolean[] some = new boolean[Math.toIntExact(n)];
            int count = 0;
            if (width > 0) {
                double[] any =
                        array.ne(0).cast(DType.INT32).reshape(n, width).max(1).toDoubleArray();
                for (int i = 0; i < some.length; i++) {
                    some[i] = any[i] != 0;
                    count += some[i] ? 1 : 0;
                }
            }
            long[] numbers = new long[count];
            for (int i = 0, k = 0; i < some.length; i++) {
                if (some[i]) {
                    numbers[k++] = i;
                }
            }
            NDArray indices = array.factory().of(Shape.of(count), numbers);
            NDArray rows = Dispatch.withoutGradient(new Gather(0), array, indices);
            return new RowSparse(array.shape(), temporaries.keep(indices), temporaries.keep(rows));
        }
    }

    /**
     * Shape of the whole array.
     *
     * @return the shape
     */
    public Shape shape() {
        return shape;
    }

    /**
     * Type of the elements.
     *
     * @return the dtype
     */
    public DType dtype() {
        return rows.dtype();
    }

    /**
     * The indices of the rows that may differ from 0.
     *
     * @return int64 [k], ascending, each once; do not close it
     */
    public NDArray indices() {
        return indices;
    }

    /**
     * The elements of these rows.
     *
     * @return [k,…], in the order of the indices; do not close it
     */
    public NDArray rows() {
        return rows;
    }

    /**
     * The whole array.
     *
     * @return a new array, 0 outside the rows
     */
    public NDArray toDense() {
        try (Scope temporaries = Scope.open()) {
            NDArray zeros = rows.factory().zeros(shape, rows.dtype());
            return temporaries.keep(Dispatch.withoutGradient(new ScatterAdd(0), zeros, indices, rows));
        }
    }

    /**
     * The sum with another array of this kind.
     *
     * @param other an array of the same shape and dtype
     * @return a new one, with the rows of both
     */
    public RowSparse add(RowSparse other) {
        if (!shape.equals(other.shape) || dtype() != other.dtype()) {
            throw new ShapeException("rowSparse: add needs arrays of one shape and dtype, got " + dtype() + shape
                    + " and " + other.dtype() + other.shape);
        }
        try (Scope temporaries = Scope.open()) {
            long[] both = LongStream.concat(
                            Arrays.stream(indices.toLongArray()), Arrays.stream(other.indices.toLongArray()))
                    .toArray();
            return of(shape, both, Dispatch.withoutGradient(new Concat(0), rows, other.rows))
                    .keptIn(temporaries);
        }
    }

    private RowSparse keptIn(Scope scope) {
        scope.keep(indices);
        scope.keep(rows);
        return this;
    }

    /**
     * Takes both arrays out of their scope: from now on {@link #close()} or the garbage collector frees them.
     *
     * @return this array
     */
    public RowSparse detach() {
        indices.detach();
        rows.detach();
        return this;
    }

    @Override
    public void close() {
        indices.close();
        rows.close();
    }

    /** {@return dtype, shape and number of rows} */
    @Override
    public String toString() {
        return "row-sparse " + dtype() + shape + " with " + indices.size() + " rows";
    }
}
