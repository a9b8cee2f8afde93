package io.kiln.spark.feed;

import java.io.Serializable;
import java.util.Iterator;

/**
 * Reads a worker's rows from its blocks. Serializable: it is part of the training task's closure.
 *
 * @param layout how rows are distributed
 * @param rdd id of the RDD that holds the blocks
 * @param dealt whether blocks were cut and shuffled to workers, rather than used as the DataFrame's partitions
 */
public record RowsReader(Layout layout, int rdd, boolean dealt) implements Serializable {
    /**
     * Reads the rows of a worker.
     *
     * @param rank the worker
     * @param blocks its partition of {@link PackedData#rows}
     * @return training and validation rows, to be closed
     * @throws RowsChangedException if the DataFrame produced other rows than before
     * @throws java.io.UncheckedIOException if there is no space for the rows
     */
    public WorkerRows read(int rank, Iterator<byte[]> blocks) {
        return WorkerRows.read(this, rank, blocks);
    }
}
