package io.kiln.spark.feed;

import io.kiln.backend.Backend;
import io.kiln.backend.Context;
import io.kiln.backend.Event;
import io.kiln.backend.Queue;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import java.io.Serializable;
import java.util.List;

/**
 * Rows in the form the engine needs: fields off heap, with labels and weights. Batches are reused.
 *
 * <p>Concurrency: belongs to one thread at a time.
 */
public final class Batch implements AutoCloseable {
    private final BatchField[] fields;
    private final boolean measured;
    private final Backend backend;
    private final double[] labels;
    private final double[] weights;
    private Event filled = Event.DONE;
    private Event used;
    private int rows;

    /**
     * The form of a field.
     *
     * @param dtype how it is packed
     * @param rowShape shape of a row, {@link Shape#UNKNOWN} where it depends on the batch
     * @param lengths how sequences are padded; null if all rows have the same shape
     * @param sparse whether it is a CSR matrix
     * @param padding the number with which sequences are padded
     * @param images how images become rows for each batch; null if rows are packed in their final form
     */
    public record Part(
            DType dtype, List<Long> rowShape, Field.Lengths lengths, boolean sparse, int padding, ImageCoding images)
            implements Serializable {
        /** Makes the list unmodifiable. */
        public Part {
            rowShape = List.copyOf(rowShape);
        }

        /**
         * A field with dense rows.
         *
         * @param dtype how it is packed
         * @param rowShape shape of a row, {@link Shape#UNKNOWN} where it depends on the batch
         * @param lengths how sequences are padded; null if all rows have the same shape
         */
        public Part(DType dtype, List<Long> rowShape, Field.Lengths lengths) {
            this(dtype, rowShape, lengths, false, 0, null);
        }

        /**
         * The same field as a CSR matrix.
         *
         * @return the sparse form
         */
        public Part asSparse() {
            return new Part(dtype, rowShape, lengths, true, padding, null);
        }

        boolean isMeasured() {
            return sparse || lengths != null;
        }

        BatchField create(Backend backend, int capacity) {
            if (images != null) {
                return new ImageField(backend, this, capacity);
            }
            return sparse ? new CsrField(backend, capacity) : new DenseField(backend, this, capacity);
        }

        /** {@return the text in fingerprints of checkpoints, which for numbers stays as it was before there were others} */
        @Override
        public String toString() {
            return "Part[dtype=" + dtype + ", rowShape=" + rowShape + ", lengths=" + lengths + ", sparse=" + sparse
                    + (padding == 0 ? "" : ", padding=" + padding) + (images == null ? "" : ", images=" + images) + "]";
        }
    }

    /**
     * The form of batches.
     *
     * @param capacity rows of the largest batch
     * @param parts the form of each field
     */
    public record Form(int capacity, List<Part> parts) {
        /**
         * The form of batches with a single field.
         *
         * @param capacity rows of the largest batch
         * @param dtype how features are packed: uint8 or float32
         * @param rowShape shape of a row
         */
        public Form(int capacity, DType dtype, long... rowShape) {
            this(capacity, List.of(new Part(dtype, Field.sizes(rowShape), null)));
        }
    }

    /**
     * Creates an empty batch.
     *
     * @param backend where its arrays are
     * @param form its form
     */
    public Batch(Backend backend, Form form) {
        this.backend = backend;
        int capacity = Math.max(1, form.capacity());
        this.fields =
                form.parts().stream().map(p -> p.create(backend, capacity)).toArray(BatchField[]::new);
        this.measured = form.parts().stream().anyMatch(Part::isMeasured);
        this.labels = new double[capacity];
        this.weights = new double[capacity];
        this.used = queue().record(); // its memory may have been in use by this thread's earlier work
    }

    void fill(RowSet set, BatchRows which, FeedThreads threads) {
        rows = which.rows().length;
        queue().await(used);
        try {
            set.fill(which, this, threads);
        } finally {
            for (BatchField f : fields) {
                f.filled();
            }
        }
        filled = queue().record();
    }

    /** Fills the batch with all rows of a block. */
    void fill(PackedBlock block) {
        rows = block.rows();
        queue().await(used);
        try {
            for (int i = 0; i < rows && measured; i++) {
                measure(i, block, i);
            }
            open();
            for (int i = 0; i < rows; i++) {
                put(i, block, i);
            }
        } finally {
            for (BatchField f : fields) {
                f.filled();
            }
        }
        filled = queue().record();
    }

    private Queue queue() {
        return Context.current().queue(backend);
    }

    /** Later work in this thread's queue will not use the features. */
    void release() {
        used = queue().record();
    }

    /** Whether rows must be measured before they are put. */
    boolean isMeasured() {
        return measured;
    }

    void measure(int row, PackedBlock block, int at) {
        for (int f = 0; f < fields.length; f++) {
            fields[f].measure(row, block.column(f), at);
        }
    }

    /** Prepares the memory for the rows. */
    void open() {
        for (BatchField f : fields) {
            f.open(rows);
        }
    }

    void put(int row, PackedBlock block, int at) {
        labels[row] = block.label(at);
        weights[row] = block.weight(at);
        for (int f = 0; f < fields.length; f++) {
            fields[f].put(row, block.column(f), at);
        }
    }

    /** Completes the rows. */
    void finish(BatchRows which, FeedThreads threads) {
        for (BatchField f : fields) {
            f.finish(which, threads);
        }
    }

    /** The largest number of rows. */
    int capacity() {
        return labels.length;
    }

    /**
     * Number of rows.
     *
     * @return 0 or more
     */
    public int rows() {
        return rows;
    }

    /**
     * The features, if they are the only field.
     *
     * @return a view of shape [rows, …], valid until the batch is recycled
     */
    public NDArray features() {
        return field(0);
    }

    /**
     * A field.
     *
     * @param index its index
     * @return a view of shape [rows, …], valid until the batch is recycled
     */
    public NDArray field(int index) {
        queue().await(filled);
        return dense(index).array(rows);
    }

    private DenseField dense(int index) {
        return fields[index] instanceof ImageField images ? images.rows() : (DenseField) fields[index];
    }

    /**
     * Whether a field is a CSR matrix.
     *
     * @param index its index
     * @return true if {@link #csr} has its values
     */
    public boolean isSparse(int index) {
        return fields[index] instanceof CsrField;
    }

    /**
     * A field that is a CSR matrix. Indices and values may end with zeros of the last row.
     *
     * @param index its index
     * @return views of indices (int32) and values (float32), both [n], and of indptr (int32) [rows + 1], valid until the
     *     batch is recycled
     */
    public NDArray[] csr(int index) {
        queue().await(filled);
        return ((CsrField) fields[index]).arrays();
    }

    /**
     * The lengths of a field's sequences.
     *
     * @param index the field's index
     * @return a new array of int32, [rows]
     */
    public NDArray lengths(int index) {
        return dense(index).lengths(rows);
    }

    /**
     * Which elements of a field's sequences are not padding.
     *
     * @param index the field's index
     * @return a new array of float32, of the shape of the sequences: 1, or 0 for padding
     */
    public NDArray mask(int index) {
        return dense(index).mask(rows);
    }

    /**
     * The share of each element of a field's sequences in the mean of its sequence.
     *
     * @param index the field's index
     * @return a new array of float32, [rows, T]: 1 / length, or 0 for padding
     */
    public NDArray shares(int index) {
        return dense(index).shares(rows);
    }

    /**
     * The number of elements of a sequence.
     *
     * @param index the field's index
     * @param row the row
     * @return its length without padding
     */
    public int length(int index, int row) {
        return dense(index).length(row);
    }

    /**
     * A row's label.
     *
     * @param row the row
     * @return its label
     */
    public double label(int row) {
        return labels[row];
    }

    /**
     * A row's weight.
     *
     * @param row the row
     * @return its weight, 0 or more
     */
    public double weight(int row) {
        return weights[row];
    }

    /**
     * The sum of the weights.
     *
     * @return 0 for an empty batch
     */
    public double weightSum() {
        double s = 0;
        for (int i = 0; i < rows; i++) {
            s += weights[i];
        }
        return s;
    }

    /** Frees the memory. */
    @Override
    public void close() {
        for (BatchField f : fields) {
            f.close();
        }
    }
}
