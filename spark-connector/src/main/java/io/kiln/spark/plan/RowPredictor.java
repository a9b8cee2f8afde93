package io.kiln.spark.plan;

import java.io.Serializable;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Expression;

/** Applies a network to the rows of a partition. */
public interface RowPredictor extends Serializable {
    /**
     * The columns that the network reads.
     *
     * @return the Param that names each, for messages, and its name
     */
    List<Source> sources();

    /**
     * A column that the network reads.
     *
     * @param param the Param that names it
     * @param column its name
     */
    record Source(String param, String column) implements Serializable {}

    /**
     * Whether {@link #predict} may drop rows.
     *
     * @return true if invalid rows are skipped
     */
    boolean leavesOut();

    /**
     * Predicts rows.
     *
     * @param rows the rows; copied, because Spark reuses their memory
     * @param values evaluate the columns of a row
     * @return the rows with added columns; the row object is reused
     */
    Iterator<InternalRow> predict(Iterator<InternalRow> rows, Expression... values);
}
