package io.kiln.spark.feed;

import io.kiln.ndarray.DType;
import org.apache.spark.sql.catalyst.InternalRow;

/**
 * Reads and checks one field of one row after another. What was read is valid until the next row is read.
 *
 * <p>Concurrency: used by one thread.
 */
interface ColumnReader {
    /**
     * Reads a row.
     *
     * @param row a row
     * @param ordinal the index of the field's first column in it; others follow
     * @return what is wrong with it, or null if nothing is
     */
    String read(InternalRow row, int ordinal);

    /** Whether the fault of the last row is a value, null or NaN or an infinity, rather than its form. */
    boolean isInvalid();

    /** The column that the last fault is about. */
    String column();

    /** Adds what was read to the field's packed column. */
    void addTo(ColumnBuilder to);

    /** The number of elements of the last sequence; -1 if rows have one shape. */
    default int length() {
        return -1;
    }

    /** The number of rows so far that were longer than allowed and have been truncated. */
    default long truncated() {
        return 0;
    }

    /** Returns the reader of a field. */
    static ColumnReader of(Field f) {
        if (f.coding() instanceof ImageCoding) {
            return new ImageReader(f);
        } else if (f.coding() instanceof TextCoding) {
            return new TextReader(f);
        }
        boolean one = f.columns().size() == 1 && f.lengths() == null && f.classes() == null;
        if (one && FeatureReader.reads(f.types().get(0), f.dtype())) {
            return new FeatureReader(f.columns().get(0), f.types().get(0), f.width(), f.remedy());
        }
        if (f.columns().size() > 1 && f.dtype() == DType.FLOAT32 && f.classes() == null) {
            return new JoinedReader(f);
        }
        return f.lengths() == null ? new NumbersReader(f) : new RaggedReader(f);
    }
}
