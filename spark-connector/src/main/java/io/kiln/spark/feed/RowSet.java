package io.kiln.spark.feed;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.Lock;

/**
 * Rows accessed by index.
 *
 * <p>Concurrency: thread-safe.
 */
public final class RowSet {
    private final PackedBlock[] blocks;
    private final int[] starts;
    private final Lock reading;
    private volatile boolean closed;

    RowSet(List<PackedBlock> list, Lock reading) {
        this.blocks = list.toArray(PackedBlock[]::new);
        this.reading = reading;
        starts = new int[blocks.length + 1];
        for (int i = 0; i < blocks.length; i++) {
            starts[i + 1] = Math.addExact(starts[i], blocks[i].rows());
        }
    }

    /**
     * Number of rows.
     *
     * @return 0 or more
     */
    public int size() {
        return starts[blocks.length];
    }

    /** Copies rows into a batch. */
    void fill(int[] rows, Batch batch) {
        reading.lock();
        try {
            if (closed) {
                throw new IllegalStateException("feed: the worker's rows are closed");
            }
            for (int i = 0; i < rows.length; i++) {
                int k = Arrays.binarySearch(starts, 0, blocks.length, rows[i]);
                int b = k >= 0 ? k : -k - 2;
                int row = rows[i] - starts[b];
                batch.put(i, blocks[b].label(row), blocks[b].weight(row));
                blocks[b].copyRow(row, batch.row(i));
            }
        } finally {
            reading.unlock();
        }
    }

    void close() {
        closed = true;
    }
}
