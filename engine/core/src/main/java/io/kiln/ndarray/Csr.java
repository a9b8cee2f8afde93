package io.kiln.ndarray;

import io.kiln.op.Dispatch;
import io.kiln.op.sparse.CsrValues;
import java.util.stream.LongStream;

/**
 * A sparse matrix in CSR format: row i has the elements values[indptr[i]] to values[indptr[i+1] - 1], in the columns
 * given by indices, ascending and without duplicates. Products with dense matrices and conversions are in
 * {@link io.kiln.op.sparse.Sparse}; gradients flow to the values.
 */
public final class Csr {
    private final Shape shape;
    private final NDArray indptr;
    private final NDArray indices;
    private final NDArray values;

    private Csr(Shape shape, NDArray indptr, NDArray indices, NDArray values) {
        this.shape = shape;
        this.indptr = indptr;
        this.indices = indices;
        this.values = values;
    }

    /**
     * Creates a matrix from its parts, which are checked.
     *
     * @param shape number of rows and columns
     * @param indptr start of each row: rows + 1 numbers, int32 or int64, from 0, ascending, to the number of values
     * @param indices column of each value, int32 or int64, ascending within a row
     * @param values the elements
     * @return the matrix, which shares the arrays
     */
    public static Csr of(Shape shape, NDArray indptr, NDArray indices, NDArray values) {
        if (shape.rank() != 2
                || !indptr.shape().equals(Shape.of(shape.dim(0) + 1))
                || values.shape().rank() != 1
                || !indices.shape().equals(values.shape())) {
            throw new ShapeException(
                    "csr: a matrix " + shape + " needs indptr[rows + 1], indices[n] and values[n], got indptr"
                            + indptr.shape() + ", indices" + indices.shape() + " and values" + values.shape());
        }
        long[] starts = indptr.toLongArray();
        long[] columns = indices.toLongArray();
        boolean valid = starts[0] == 0 && starts[starts.length - 1] == columns.length;
        for (int i = 0; valid && i + 1 < starts.length; i++) {
            valid = starts[i] <= starts[i + 1] && starts[i + 1] <= columns.length;
        }
        if (!valid) {
            throw new IllegalArgumentException(
                    "csr: indptr must ascend from 0 to the number of values, " + columns.length);
        }
        for (int i = 0; i + 1 < starts.length; i++) {
            for (int k = (int) starts[i]; k < starts[i + 1]; k++) {
                boolean ascends = k == starts[i] || columns[k] > columns[k - 1];
                if (columns[k] < 0 || columns[k] >= shape.dim(1) || !ascends) {
                    throw new IndexOutOfBoundsException("csr: columns of row " + i + " must ascend from 0 to "
                            + (shape.dim(1) - 1) + ", got " + columns[k]);
                }
            }
        }
        return new Csr(shape, indptr, indices, values);
    }

    /**
     * The elements of a matrix that differ from 0 (NaN does).
     *
     * @param matrix a matrix with data
     * @return the sparse matrix, of the same dtype
     */
    public static Csr fromDense(NDArray matrix) {
        if (matrix.shape().rank() != 2) {
            throw new ShapeException("csr: fromDense needs a matrix, got shape " + matrix.shape());
        }
        int rows = Math.toIntExact(matrix.shape().dim(0));
        int columns = Math.toIntExact(matrix.shape().dim(1));
        double[] dense = matrix.toDoubleArray();
        long[] starts = new long[rows + 1];
        LongStream.Builder places = LongStream.builder();
        for (int i = 0; i < rows; i++) {
            starts[i + 1] = starts[i];
            for (int j = 0; j < columns; j++) {
                if (dense[i * columns + j] != 0) {
                    places.add(j);
                    starts[i + 1]++;
                }
            }
        }
        long[] at = places.build().toArray();
        NDArray indptr = matrix.factory().of(Shape.of(rows + 1), starts);
        NDArray indices = matrix.factory().of(Shape.of(at.length), at);
        NDArray values = Dispatch.one(new CsrValues(rows, columns), indptr, indices, matrix);
        return new Csr(matrix.shape(), indptr, indices, values);
    }

    /**
     * This matrix with other elements at the same positions.
     *
     * @param newValues the same number of values, of any dtype; may be a variable
     * @return the new matrix, which shares the positions
     */
    public Csr withValues(NDArray newValues) {
        if (!newValues.shape().equals(values.shape())) {
            throw new ShapeException("csr: needs values" + values.shape() + ", got values" + newValues.shape());
        }
        return new Csr(shape, indptr, indices, newValues);
    }

    /**
     * The number of rows and columns.
     *
     * @return the shape
     */
    public Shape shape() {
        return shape;
    }

    /**
     * The start of each row.
     *
     * @return rows + 1 numbers
     */
    public NDArray indptr() {
        return indptr;
    }

    /**
     * The columns of the elements.
     *
     * @return as many as there are values
     */
    public NDArray indices() {
        return indices;
    }

    /**
     * The elements.
     *
     * @return the elements, row by row
     */
    public NDArray values() {
        return values;
    }

    /** {@return dtype, shape and number of elements} */
    @Override
    public String toString() {
        return "csr " + values.dtype() + shape + " with " + values.size() + " elements";
    }
}
