package io.kiln.spark.feed;

import io.kiln.backend.Backend;
import io.kiln.backend.Device;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Memory;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;

/**
 * Rows as the engine wants them: features off heap, labels and weights beside them. It is filled again and again.
 *
 * <p>Concurrency: belongs to one thread at a time.
 */
public final class Batch implements AutoCloseable {
    private final Backend backend;
    private final NDArray block;
    private final long[] rowShape;
    private final long rowBytes;
    private final double[] labels;
    private final double[] weights;
    private final long staging;
    private int rows;

    Batch(Backend backend, int capacity, DType dtype, long... rowShape) {
        this.backend = backend;
        this.rowShape = rowShape.clone();
        Shape shape = shape(capacity);
        this.block =
                NDArray.empty(backend, shape, dtype, shape.contiguousStrides()).detach();
        this.rowBytes = dtype.bytes() * shape.size() / capacity;
        this.labels = new double[capacity];
        this.weights = new double[capacity];
        this.staging = backend.device().kind() == Device.Kind.CPU ? 0 : Memory.allocate(rowBytes * capacity);
    }

    private Shape shape(int n) {
        long[] dims = new long[rowShape.length + 1];
        dims[0] = n;
        System.arraycopy(rowShape, 0, dims, 1, rowShape.length);
        return Shape.of(dims);
    }

    void fill(RowSet set, int[] which) {
        rows = which.length;
        set.fill(which, this);
        if (staging != 0) {
            backend.copyFromHost(staging, block.address(), rows * rowBytes);
        }
    }

    void put(int row, double label, double weight) {
        labels[row] = label;
        weights[row] = weight;
    }

    long rowAddress(int row) {
        return (staging == 0 ? block.address() : staging) + row * rowBytes;
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
     * @return a view of shape [rows, …], valid until the batch is handed back
     */
    public NDArray features() {
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
            if (staging != 0) {
                Memory.free(staging);
            }
        }
    }
}
