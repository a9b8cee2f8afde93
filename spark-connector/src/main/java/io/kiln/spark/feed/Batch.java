package io.kiln.spark.feed;

import io.kiln.backend.Backend;
import io.kiln.backend.Context;
import io.kiln.backend.Event;
import io.kiln.backend.Queue;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.HostView;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;

/**
 * Rows in the form the engine needs: features off heap, with labels and weights. Batches are reused.
 *
 * <p>Concurrency: belongs to one thread at a time.
 */
public final class Batch implements AutoCloseable {
    private final NDArray block;
    private final long[] rowShape;
    private final long rowBytes;
    private final double[] labels;
    private final double[] weights;
    private HostView filling;
    private Event filled = Event.DONE;
    private Event used = Event.DONE;
    private int rows;

    /**
     * The form of batches.
     *
     * @param capacity rows of the largest batch
     * @param dtype how features are packed: uint8 or float32
     * @param rowShape shape of a row
     */
    public record Form(int capacity, DType dtype, long... rowShape) {}

    Batch(Backend backend, Form form) {
        this.rowShape = form.rowShape().clone();
        int capacity = Math.max(1, form.capacity());
        Shape shape = shape(capacity);
        this.block = NDArray.empty(backend, shape, form.dtype(), shape.contiguousStrides())
                .detach();
        this.rowBytes = form.dtype().bytes() * shape.size() / capacity;
        this.labels = new double[capacity];
        this.weights = new double[capacity];
    }

    private Shape shape(int n) {
        long[] dims = new long[rowShape.length + 1];
        dims[0] = n;
        System.arraycopy(rowShape, 0, dims, 1, rowShape.length);
        return Shape.of(dims);
    }

    void fill(RowSet set, int[] which) {
        rows = which.length;
        queue().await(used);
        Shape s = shape(rows);
        try (NDArray part = block.view(s, s.contiguousStrides(), 0);
                HostView host = part.write()) {
            filling = host;
            set.fill(which, this);
        } finally {
            filling = null;
        }
        filled = queue().record();
    }

    private Queue queue() {
        return Context.current().queue(block.backend());
    }

    /** Later work in this thread's queue will not use the features. */
    void release() {
        used = queue().record();
    }

    void put(int row, double label, double weight) {
        labels[row] = label;
        weights[row] = weight;
    }

    HostView row(int row) {
        return filling.slice(row * rowBytes, rowBytes);
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
     * The features.
     *
     * @return a view of shape [rows, …], valid until the batch is recycled
     */
    public NDArray features() {
        queue().await(filled);
        Shape s = shape(rows);
        return block.view(s, s.contiguousStrides(), 0);
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
        if (!block.isClosed()) {
            block.close();
        }
    }
}
