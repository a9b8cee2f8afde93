package io.kiln.spark.model;

import io.kiln.spark.feed.FeatureType;
import io.kiln.spark.feed.FeedColumns;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Applies a network to a DataFrame, batch by batch, and adds columns. The network is a broadcast variable, so that each
 * executor has one instance of it; Spark removes it when the model that made it is gone.
 *
 * <p>Streaming DataFrames take the same way: no plan is cut, nothing is computed before a query runs.
 */
public final class BatchPrediction implements MapPartitionsFunction<Row, Row> {
    private static final long serialVersionUID = 1L;

    private final Broadcast<TrainedNetwork> network;
    private final RowFeatures features;
    private final int batchSize;
    private final int[] kept;
    private final Output output;

    private BatchPrediction(
            Broadcast<TrainedNetwork> network, RowFeatures features, int batchSize, int[] kept, Output output) {
        this.network = network;
        this.features = features;
        this.batchSize = batchSize;
        this.kept = kept;
        this.output = output;
    }

    /**
     * Adds columns to a DataFrame.
     *
     * @param data the DataFrame
     * @param schema its schema with the new columns, in their places, with their metadata
     * @param added names of the new columns, in the order in which {@code output} gives them; a column of the DataFrame that
     *     has such a name is replaced
     * @param featuresCol name of the features' column
     * @param network the network
     * @param width features per row
     * @param batchSize rows that the network gets at once
     * @param output makes the new values
     * @return the DataFrame with the columns of {@code schema}
     */
    public static Dataset<Row> apply(
            Dataset<?> data,
            StructType schema,
            List<String> added,
            String featuresCol,
            Broadcast<TrainedNetwork> network,
            int width,
            int batchSize,
            Output output) {
        Dataset<Row> rows = data.toDF();
        StructType in = rows.schema();
        StructField f = FeedColumns.field(in, "featuresCol", featuresCol);
        RowFeatures reader = new RowFeatures(
                featuresCol, in.fieldIndex(featuresCol), FeatureType.of(featuresCol, f.dataType()), width);
        List<Integer> kept = new ArrayList<>();
        List<StructField> fields = new ArrayList<>();
        for (int i = 0; i < in.length(); i++) {
            if (!Set.copyOf(added).contains(in.fields()[i].name())) {
                kept.add(i);
                fields.add(in.fields()[i]);
            }
        }
        for (String name : added) {
            fields.add(schema.apply(name));
        }
        BatchPrediction function = new BatchPrediction(
                network, reader, batchSize, kept.stream().mapToInt(i -> i).toArray(), output);
        Dataset<Row> result =
                rows.mapPartitions(function, Encoders.row(new StructType(fields.toArray(StructField[]::new))));
        Column[] columns = new Column[schema.length()];
        for (int i = 0; i < columns.length; i++) { // encoders forget metadata, which MLlib and watermarks live on
            StructField field = schema.fields()[i];
            columns[i] = result.col(FeedColumns.quote(field.name())).as(field.name(), field.metadata());
        }
        return result.select(columns);
    }

    @Override
    public Iterator<Row> call(Iterator<Row> rows) {
        return new Batches(rows);
    }

    private static int threads() {
        TaskContext task = TaskContext.get();
        return task == null ? 1 : Math.max(1, task.cpus());
    }

    /** Reads rows ahead until a batch is full, and gives them back with what the network says. */
    private final class Batches implements Iterator<Row> {
        private final Iterator<Row> rows;
        private final List<Row> batch = new ArrayList<>();
        private float[] values = new float[0];
        private float[] outputs;
        private int next;

        Batches(Iterator<Row> rows) {
            this.rows = rows;
        }

        @Override
        public boolean hasNext() {
            return next < batch.size() || rows.hasNext();
        }

        @Override
        public Row next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            if (next == batch.size()) {
                compute();
            }
            Row row = batch.get(next);
            int count = outputs.length / batch.size();
            Object[] more = output.values(outputs, next * count, count);
            next++;
            Object[] all = new Object[kept.length + more.length];
            for (int i = 0; i < kept.length; i++) {
                all[i] = row.get(kept[i]);
            }
            System.arraycopy(more, 0, all, kept.length, more.length);
            return RowFactory.create(all);
        }

        private void compute() {
            batch.clear();
            next = 0;
            while (batch.size() < batchSize && rows.hasNext()) {
                batch.add(rows.next());
            }
            int width = features.width();
            if (values.length != batch.size() * width) {
                values = new float[Math.multiplyExact(batch.size(), width)];
            }
            for (int i = 0; i < batch.size(); i++) {
                features.read(batch.get(i), values, i * width);
            }
            TrainedNetwork net = network.value();
            // What is left at the end of a partition has a size that may never come again.
            outputs = batch.size() == batchSize
                    ? net.predictBatch(batch.size(), values, threads())
                    : net.predict(batch.size(), values, threads());
        }
    }
}
