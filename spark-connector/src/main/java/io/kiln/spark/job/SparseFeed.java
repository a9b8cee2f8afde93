package io.kiln.spark.job;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.IndexRangeException;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.spark.feed.Batch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Inputs of which some are CSR matrices: three arrays each, in the order of {@link io.kiln.graph.SparseInputs}.
 *
 * @param dense the inputs with all rows dense
 * @param names the inputs that are sparse, as the network names them
 * @param fields their fields
 */
record SparseFeed(TrainingPlan.FeedInput dense, Set<String> names, Set<Integer> fields)
        implements TrainingPlan.FeedInput {
    /** Sorts the sets. */
    SparseFeed {
        names = new TreeSet<>(names);
        fields = new TreeSet<>(fields);
    }

    @Override
    public List<Integer> fieldsOfInputs() {
        return dense.fieldsOfInputs();
    }

    @Override
    public Set<String> sparseInputs() {
        return names;
    }

    @Override
    public Batch.Form batches(int capacity) {
        Batch.Form form = dense.batches(capacity);
        List<Batch.Part> parts = new ArrayList<>(form.parts());
        fields.forEach(f -> parts.set(f, parts.get(f).asSparse()));
        return new Batch.Form(form.capacity(), parts);
    }

    @Override
    public NDArray[] arrays(Batch batch) {
        return dense.arrays(batch);
    }

    @Override
    public NDArray[] zeros() {
        NDArray[] rows = dense.zeros();
        List<NDArray> all = new ArrayList<>();
        for (int i = 0; i < rows.length; i++) {
            if (isSparse(i)) {
                all.add(NDArray.zeros(Shape.of(1), DType.INT32));
                all.add(NDArray.zeros(Shape.of(1), DType.FLOAT32));
                all.add(NDArray.of(Shape.of(2), 0, 1));
            } else {
                all.add(rows[i]);
            }
        }
        return all.toArray(new NDArray[0]);
    }

    private boolean isSparse(int input) {
        return fields.contains(fieldsOfInputs().get(input));
    }

    /** Columns of sparse rows are checked when they are read, so that only other inputs can have wrong indices. */
    @Override
    public String place(IndexRangeException e, NDArray... inputs) {
        NDArray[] rows = new NDArray[fieldsOfInputs().size()];
        int at = 0;
        for (int i = 0; i < rows.length; i++) {
            rows[i] = isSparse(i) ? null : inputs[at];
            at += isSparse(i) ? 3 : 1;
        }
        return Arrays.stream(rows).allMatch(r -> r == null) ? e.getMessage() : dense.place(e, rows);
    }
}
