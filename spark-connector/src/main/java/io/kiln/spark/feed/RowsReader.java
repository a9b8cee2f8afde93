package io.kiln.spark.feed;

import java.io.Serializable;
import java.util.Iterator;

/**
 * Makes a worker's rows of its blocks. Serializable: it goes along in the training task's closure.
 *
 * @param layout how rows are dealt out
 * @param rdd number of the RDD that holds the blocks
 * @param dealt whether blocks were cut and dealt out to workers, and not taken from the DataFrame's partitions as they are
 */
public record RowsReader(Layout layout, int rdd, boolean dealt) implements Serializable {
    /**
     * Makes the rows of a worker.
     *
     * @param rank the worker
     * @param blocks its partition of {@link PackedData#rows}
     * @return training and validation rows, to be closed
     * @throws RowsChangedException when the DataFrame gave other rows than at first
     * @throws java.io.UncheckedIOException when there is no room for the rows
     */
    public WorkerRows read(int rank, Iterator<byte[]> blocks) {
        return WorkerRows.read(this, rank, blocks);
    }
}
