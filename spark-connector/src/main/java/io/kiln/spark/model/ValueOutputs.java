package io.kiln.spark.model;

import io.kiln.graph.SparseInputs;
import io.kiln.ndarray.IndexRangeException;
import io.kiln.ndarray.NDArray;
import io.kiln.nn.GraphBlock;
import io.kiln.spark.feed.Batch;
import io.kiln.spark.feed.NetworkInputs;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Columns that are values of a network, which is called once for each batch. */
public sealed interface ValueOutputs extends RowOutputs permits NamedOutputs, ClassColumns {
    /**
     * Makes the columns.
     *
     * @param inputs the network's inputs
     * @param batch the rows
     * @param y the values, one array per name
     * @return one value per column for each row, in Spark's internal format
     */
    List<Object[]> rows(NetworkInputs inputs, Batch batch, NDArray... y);

    @Override
    default Set<Integer> sparseFields(TrainedNetwork network, NetworkInputs inputs) {
        return network.sparseFields(inputs, names());
    }

    @Override
    default List<Object[]> compute(TrainedNetwork network, NetworkInputs inputs, Batch batch, int usual, int threads) {
        return network.predicting(batch.rows(), threads, () -> {
            Set<String> sparse = new HashSet<>();
            for (NetworkInputs.Slot s : inputs.slots()) {
                if (s.source() == NetworkInputs.Source.VALUES && batch.isSparse(s.field())) {
                    sparse.add(s.name());
                }
            }
            GraphBlock part = network.part(names(), sparse);
            List<String> needed = part.inputNames();
            NDArray[] all = new NDArray[inputs.slots().size()];
            List<NDArray> x = new ArrayList<>();
            for (int i = 0; i < all.length; i++) {
                NetworkInputs.Slot s = inputs.slots().get(i);
                boolean csr = sparse.contains(s.name());
                if (needed.contains(csr ? SparseInputs.parts(s.name()).get(0) : s.name())) {
                    NDArray[] arrays = inputs.arrays(s, batch);
                    x.addAll(List.of(arrays));
                    all[i] = csr ? null : arrays[0];
                }
            }
            NDArray[] in = x.toArray(new NDArray[0]);
            try {
                return rows(inputs, batch, batch.rows() == usual ? part.callAll(in) : part.forwardAll(in));
            } catch (IndexRangeException e) {
                throw new IllegalArgumentException("predict: " + Features.place(inputs, e, all), e);
            }
        });
    }
}
