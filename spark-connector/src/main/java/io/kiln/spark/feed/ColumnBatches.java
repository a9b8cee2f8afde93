package io.kiln.spark.feed;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.ExprId;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.execution.ColumnarToRowExec;
import org.apache.spark.sql.execution.InputAdapter;
import org.apache.spark.sql.execution.ProjectExec;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.WholeStageCodegenExec;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarBatch;
import scala.Function1;
import scala.jdk.javaapi.CollectionConverters;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/**
 * Rows read where they lie in Spark's column batches (Parquet, ORC, other columnar sources), which Spark would copy to its row
 * format first. Cached tables make rows themselves.
 */
final class ColumnBatches {
    private static final ClassTag<InternalRow> ROWS = ClassTag$.MODULE$.apply(InternalRow.class);

    private ColumnBatches() {}

    /**
     * Returns the rows of a plan that does no more than pick columns of a columnar source.
     *
     * @param plan an executed plan
     * @return its rows, each valid until the next is asked for; empty if the plan computes anything
     */
    static Optional<RDD<InternalRow>> rows(SparkPlan plan) {
        List<Attribute> wanted = CollectionConverters.asJava(plan.output());
        List<ExprId> columns =
                new ArrayList<>(wanted.stream().map(Attribute::exprId).toList());
        SparkPlan at = plan;
        while (true) {
            if (at instanceof WholeStageCodegenExec || at instanceof InputAdapter) {
                at = at.children().head();
            } else if (at instanceof ProjectExec project) {
                if (!follow(project, columns)) {
                    return Optional.empty();
                }
                at = project.child();
            } else if (at instanceof ColumnarToRowExec rows) {
                return Optional.of(read(rows.child(), columns));
            } else {
                return Optional.empty();
            }
        }
    }

    /** Replaces columns of a projection by those of its child that they are; false if one is computed. */
    private static boolean follow(ProjectExec project, List<ExprId> columns) {
        Map<ExprId, ExprId> from = new HashMap<>();
        for (NamedExpression e : CollectionConverters.asJava(project.projectList())) {
            Expression value = e instanceof Alias alias ? alias.child() : (Expression) e;
            if (value instanceof Attribute a) {
                from.put(e.exprId(), a.exprId());
            }
        }
        columns.replaceAll(from::get);
        return !columns.contains(null);
    }

    private static RDD<InternalRow> read(SparkPlan source, List<ExprId> columns) {
        List<ExprId> held = CollectionConverters.asJava(source.output()).stream()
                .map(Attribute::exprId)
                .toList();
        int[] ordinals = columns.stream().mapToInt(held::indexOf).toArray();
        return source.executeColumnar().mapPartitions(new Reader(ordinals), true, ROWS);
    }

    /** The rows of a partition's batches, as a Scala function. */
    private record Reader(int... ordinals)
            implements Function1<scala.collection.Iterator<ColumnarBatch>, scala.collection.Iterator<InternalRow>>,
                    Serializable {
        @Override
        public scala.collection.Iterator<InternalRow> apply(scala.collection.Iterator<ColumnarBatch> batches) {
            return CollectionConverters.asScala(new Rows(CollectionConverters.asJava(batches), ordinals));
        }
    }

    private static final class Rows implements Iterator<InternalRow> {
        private final Iterator<ColumnarBatch> batches;
        private final int[] ordinals;
        private ColumnarBatch batch;
        private Iterator<InternalRow> rows = Collections.emptyIterator();

        Rows(Iterator<ColumnarBatch> batches, int... ordinals) {
            this.batches = batches;
            this.ordinals = ordinals;
        }

        @Override
        public boolean hasNext() {
            while (!rows.hasNext()) {
                if (batch != null) {
                    batch.closeIfFreeable();
                    batch = null;
                }
                if (!batches.hasNext()) {
                    return false;
                }
                batch = batches.next();
                rows = picked().rowIterator();
            }
            return true;
        }

        @Override
        public InternalRow next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            return rows.next();
        }

        private ColumnarBatch picked() {
            ColumnVector[] columns = new ColumnVector[ordinals.length];
            for (int c = 0; c < columns.length; c++) {
                columns[c] = batch.column(ordinals[c]);
            }
            return new ColumnarBatch(columns, batch.numRows());
        }
    }
}
