package io.kiln.spark.plan;

import io.kiln.spark.device.DeviceSetting;
import io.kiln.spark.feed.NetworkInputs;
import io.kiln.spark.feed.RowBatches;
import io.kiln.spark.model.InvalidRows;
import io.kiln.spark.model.RowOutputs;
import io.kiln.spark.model.TrainedNetwork;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Expression;

/**
 * Applies a network with named inputs and outputs to the rows of a partition, batch by batch, with one instance of the
 * network per executor.
 *
 * @param uid the model's uid
 * @param network the network
 * @param inputs its inputs and the fields they are read from
 * @param outputs its values that are added, and how
 * @param batchSize rows per call of the network
 * @param device where the network computes: a {@link DeviceSetting}
 * @param invalid how rows with null, NaN or infinite values are handled
 */
public record NamedPrediction(
        String uid,
        Broadcast<TrainedNetwork> network,
        NetworkInputs inputs,
        RowOutputs outputs,
        int batchSize,
        String device,
        InvalidRows invalid)
        implements RowPredictor {
    @Override
    public List<Source> sources() {
        return inputs.fields().stream()
                .flatMap(f -> f.columns().stream())
                .map(c -> new Source("inputCols", c))
                .toList();
    }

    @Override
    public boolean leavesOut() {
        return invalid == InvalidRows.SKIP;
    }

    @Override
    public Iterator<InternalRow> predict(Iterator<InternalRow> rows, Expression... values) {
        PredictionDevice where = PredictionDevice.of(device);
        TrainedNetwork net = network.value();
        RowBatches reader = new RowBatches(inputs.fields(), batchSize, outputs.sparseFields(net, inputs));
        return new PredictedRows(rows, values, reader, new PredictedRows.Handling(uid, batchSize, invalid, "")) {
            @Override
            List<Object[]> compute() {
                return where.call(() -> reader.run(b -> outputs.compute(net, inputs, b, batchSize, where.threads())));
            }

            @Override
            Object[] unknown() {
                return outputs.unknown();
            }
        };
    }

    /** {@return the text in a query plan} */
    @Override
    public String toString() {
        return uid + ", batches of " + batchSize;
    }
}
