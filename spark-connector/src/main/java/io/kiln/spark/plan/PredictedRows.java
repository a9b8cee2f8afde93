package io.kiln.spark.plan;

import io.kiln.spark.feed.RowBatches;
import io.kiln.spark.model.InvalidRows;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.Function;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.JoinedRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.apache.spark.util.TaskCompletionListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.jdk.javaapi.CollectionConverters;

/** Reads rows ahead until a batch is full, and returns them with the values that are computed of them. */
abstract class PredictedRows implements Iterator<InternalRow> {
    private static final Logger LOG = LoggerFactory.getLogger(PredictedRows.class);
    private static final int MOST_BOXED = 8;

    private final Iterator<InternalRow> rows;
    private final Function<InternalRow, InternalRow> columns;
    private final RowBatches reader;
    private final Handling handling;
    private final List<InternalRow> batch = new ArrayList<>();
    private final List<Object[]> added = new ArrayList<>();
    private final JoinedRow joined = new JoinedRow();
    private int next;

    /**
     * How rows are handled.
     *
     * @param uid the model's uid, for messages
     * @param batchSize rows of a batch
     * @param invalid what is done with rows with null, NaN or infinite values
     * @param form what the model needs, for messages about rows of another form
     */
    record Handling(String uid, int batchSize, InvalidRows invalid, String form) {}

    PredictedRows(Iterator<InternalRow> rows, Expression[] values, RowBatches reader, Handling handling) {
        this.rows = rows;
        this.columns = columns(values);
        this.reader = reader;
        this.handling = handling;
        TaskContext task = TaskContext.get();
        if (task != null) {
            task.addTaskCompletionListener((TaskCompletionListener) t -> close());
        }
    }

    /** The columns of the network, in a row that is reused. Evaluating an expression boxes its number. */
    private static Function<InternalRow, InternalRow> columns(Expression... values) {
        if (values.length > MOST_BOXED) {
            return UnsafeProjection.create(
                    CollectionConverters.asScala(List.of(values)).toSeq())::apply;
        }
        GenericInternalRow evaluated = new GenericInternalRow(values.length);
        return row -> {
            for (int i = 0; i < values.length; i++) {
                evaluated.update(i, values[i].eval(row));
            }
            return evaluated;
        };
    }

    /** The values of the rows that the reader has, one array for each. */
    abstract List<Object[]> compute();

    /** The values of an invalid row. */
    abstract Object[] unknown();

    @Override
    public boolean hasNext() {
        while (next == batch.size() && rows.hasNext()) {
            fill();
        }
        return next < batch.size();
    }

    @Override
    public InternalRow next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        Object[] more = added.get(next);
        return joined.apply(batch.get(next++), new GenericInternalRow(more));
    }

    private void fill() {
        batch.clear();
        added.clear();
        next = 0;
        List<Boolean> known = new ArrayList<>();
        while (batch.size() < handling.batchSize() && rows.hasNext()) {
            InternalRow row = rows.next();
            String wrong = reader.add(columns.apply(row));
            if (wrong != null && !reader.isInvalid()) {
                throw new IllegalArgumentException(wrong + handling.form());
            } else if (wrong != null && handling.invalid() == InvalidRows.ERROR) {
                throw new IllegalArgumentException(wrong);
            } else if (wrong == null || handling.invalid() == InvalidRows.KEEP) {
                known.add(wrong == null);
                batch.add(row.copy());
            }
        }
        List<Object[]> computed = compute();
        int at = 0;
        for (boolean k : known) {
            added.add(k ? computed.get(at++) : unknown());
        }
    }

    private void close() {
        if (reader.truncated() > 0) {
            LOG.warn("{}: truncated {} sequences that are longer than maxLength", handling.uid(), reader.truncated());
        }
        reader.close();
    }
}
