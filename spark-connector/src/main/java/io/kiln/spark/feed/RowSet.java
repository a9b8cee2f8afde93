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
    void fill(BatchRows which, Batch batch, FeedThreads threads) {
        int[] rows = which.rows();
        reading.lock();
        try {
            if (closed) {
                throw new IllegalStateException("feed: the worker's rows are closed");
            }
            if (batch.isMeasured()) {
                for (int i = 0; i < rows.length; i++) {
                    int b = block(rows[i]);
                    batch.measure(i, blocks[b], rows[i] - starts[b]);
                }
            }
            batch.open();
            for (int i = 0; i < rows.length; i++) {
                int b = block(rows[i]);
                batch.put(i, blocks[b], rows[i] - starts[b]);
            }
            batch.finish(which, threads);
        } finally {
            reading.unlock();
        }
    }

    private int block(int row) {
        int k = Arrays.binarySearch(starts, 0, blocks.length, row);
        return k >= 0 ? k : -k - 2;
    }

    void close() {
        closed = true;
    }
}
