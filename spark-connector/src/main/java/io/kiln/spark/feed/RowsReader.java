package io.kiln.spark.feed;

import java.io.Serializable;
import java.util.Iterator;

/**
 * Makes a worker's rows of its blocks. Serializable: it goes along in the training task's closure.
 *
 * @param layout how rows are dealt out
 */
public record RowsReader(Layout layout) implements Serializable {
    /**
     * Makes the rows of a worker.
     *
     * @param rank the worker
     * @param blocks its partition of {@link PackedData#rows}
     * @return training and validation rows
     */
    public WorkerRows read(int rank, Iterator<byte[]> blocks) {
        return new WorkerRows(layout, rank, blocks);
    }
}
