package io.kiln.spark.plan;

import io.kiln.spark.device.DeviceSetting;
import io.kiln.spark.feed.FeatureReader;
import io.kiln.spark.feed.Field;
import io.kiln.spark.feed.RowBatches;
import io.kiln.spark.feed.SparseFields;
import io.kiln.spark.model.InvalidRows;
import io.kiln.spark.model.Output;
import io.kiln.spark.model.TrainedNetwork;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.BoundReference;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.JoinedRow;

/**
 * Applies a network to the rows of a partition, batch by batch. The network is a broadcast variable, so that each
 * executor has one instance; Spark removes it when the model and its DataFrames are gone.
 *
 * @param uid the model's uid
 * @param network the network
 * @param features how features are read
 * @param batchSize rows per call of the network
 * @param device where the network computes: a {@link DeviceSetting}
 * @param invalid how rows with features that are null, NaN or infinite are handled
 * @param output computes the values of the new columns
 */
public record RowPrediction(
        String uid,
        Broadcast<TrainedNetwork> network,
        Field features,
        int batchSize,
        String device,
        InvalidRows invalid,
        Output output)
        implements RowPredictor {

    @Override
    public List<Source> sources() {
        String param = features.columns().size() == 1 ? "featuresCol" : "featuresCols";
        return features.columns().stream().map(c -> new Source(param, c)).toList();
    }

    @Override
    public boolean leavesOut() {
        return invalid == InvalidRows.SKIP;
    }

    @Override
    public Iterator<InternalRow> predict(Iterator<InternalRow> rows, Expression... values) {
        boolean sparse = SparseFields.mayBeSparse(features) && network.value().takesSparseFeatures();
        return sparse || values.length > 1 ? packed(rows, sparse, values) : new Batches(rows, values[0]);
    }

    private Iterator<InternalRow> packed(Iterator<InternalRow> rows, boolean sparse, Expression... values) {
        PredictionDevice where = PredictionDevice.of(device);
        TrainedNetwork net = network.value();
        RowBatches reader = new RowBatches(List.of(features), batchSize, sparse ? Set.of(0) : Set.of());
        PredictedRows.Handling handling = new PredictedRows.Handling(uid, batchSize, invalid, form());
        return new PredictedRows(rows, values, reader, handling) {
            @Override
            List<Object[]> compute() {
                return where.call(() -> reader.run(b -> rows(net.predict(b, batchSize, where.threads()), b.rows())));
            }

            @Override
            Object[] unknown() {
                float[] none = new float[net.outputs()];
                Arrays.fill(none, Float.NaN);
                return output.values(none, 0, none.length);
            }
        };
    }

    private String form() {
        return " (the model was trained with " + features.width() + ")";
    }

    private List<Object[]> rows(float[] outputs, int rows) {
        int count = outputs.length / rows;
        return IntStream.range(0, rows)
                .mapToObj(i -> output.values(outputs, i * count, count))
                .toList();
    }

    /** {@return the text in a query plan} */
    @Override
    public String toString() {
        return uid + ", batches of " + batchSize;
    }

    /** Reads rows ahead until a batch is full, and returns them with the network's predictions. */
    private final class Batches implements Iterator<InternalRow> {
        private final Iterator<InternalRow> rows;
        private final Expression value;
        private final int ordinal;
        private final GenericInternalRow evaluated = new GenericInternalRow(1);
        private final int width = features.width();
        private final FeatureReader reader;
        private final PredictionDevice where = PredictionDevice.of(device);
        private final List<InternalRow> batch = new ArrayList<>();
        private final BitSet unknown = new BitSet();
        private final JoinedRow joined = new JoinedRow();
        private float[] values = new float[0];
        private float[] outputs;
        private int next;

        Batches(Iterator<InternalRow> rows, Expression value) {
            this.rows = rows;
            this.value = value;
            this.ordinal = value instanceof BoundReference b ? b.ordinal() : -1;
            this.reader = new FeatureReader(features.columns().get(0), value.dataType(), width);
        }

        @Override
        public boolean hasNext() {
            if (next == batch.size()) {
                compute();
            }
            return next < batch.size();
        }

        @Override
        public InternalRow next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            int count = outputs.length / batch.size();
            Object[] more = output.values(outputs, next * count, count);
            return joined.apply(batch.get(next++), new GenericInternalRow(more));
        }

        private void compute() {
            batch.clear();
            unknown.clear();
            next = 0;
            while (batch.size() < batchSize && rows.hasNext()) {
                add(rows.next());
            }
            if (batch.isEmpty()) {
                return;
            }
            TrainedNetwork net = network.value();
            int n = batch.size();
            // The remainder of a partition has a size that may never occur again.
            boolean recurs = n == batchSize;
            float[] full = recurs ? values : Arrays.copyOf(values, n * width);
            outputs = where.call(
                    () -> recurs ? net.predictBatch(n, full, where.threads()) : net.predict(n, full, where.threads()));
            int count = outputs.length / n;
            unknown.stream().forEach(i -> Arrays.fill(outputs, i * count, (i + 1) * count, Float.NaN));
        }

        private void add(InternalRow row) {
            int at = batch.size();
            if (values.length < (at + 1) * width) {
                int most = Math.multiplyExact(batchSize, width);
                values = Arrays.copyOf(values, (int) Math.min(most, Math.max(2L * values.length, 16L * width)));
            }
            String wrong = read(row);
            if (wrong == null) {
                reader.copyTo(values, at * width);
            } else if (!reader.isInvalid() || invalid == InvalidRows.ERROR) {
                throw new IllegalArgumentException("features: column \"%s\" %s%s"
                        .formatted(features.columns().get(0), wrong, reader.isInvalid() ? "" : form()));
            } else if (invalid == InvalidRows.KEEP) {
                Arrays.fill(values, at * width, (at + 1) * width, 0);
                unknown.set(at);
            } else {
                return;
            }
            batch.add(row.copy());
        }

        private String read(InternalRow row) {
            if (ordinal >= 0) {
                return reader.read(row, ordinal);
            }
            evaluated.update(0, value.eval(row));
            return reader.read(evaluated, 0);
        }
    }
}
