package io.kiln.spark.feed;

import io.kiln.ndarray.DType;
import org.apache.spark.ml.linalg.SQLDataTypes;

/**
 * When a field of vectors is read as a CSR matrix: from {@value #LEAST_COLUMNS} columns on, if at most one element in
 * {@value #MOST_FILLED} is stored. Below, products of dense matrices are as fast.
 */
public final class SparseFields {
    /** Narrower rows are dense. */
    public static final int LEAST_COLUMNS = 1 << 13;

    /** Rows with more than one in so many elements are dense. */
    public static final int MOST_FILLED = 32;

    private SparseFields() {}

    /**
     * Whether a field can be a CSR matrix.
     *
     * @param field the field
     * @return true for a column of MLlib's vectors that are wide enough
     */
    public static boolean mayBeSparse(Field field) {
        return field.columns().size() == 1
                && field.types().get(0).equals(SQLDataTypes.VectorType())
                && field.dtype() == DType.FLOAT32
                && field.lengths() == null
                && field.rowShape().size() == 1
                && field.width() >= LEAST_COLUMNS;
    }

    /**
     * Whether rows are sparse enough.
     *
     * @param density the share of the elements that are stored
     * @return true if a CSR matrix is faster and smaller
     */
    public static boolean isSparse(double density) {
        return density * MOST_FILLED <= 1;
    }
}
