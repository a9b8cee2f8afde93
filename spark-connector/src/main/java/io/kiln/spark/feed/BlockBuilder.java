package io.kiln.spark.feed;

import java.util.Arrays;
import java.util.List;
import org.apache.spark.unsafe.Platform;

/**
 * Collects the rows of one set (training or validation) of one partition into blocks of about 1 MiB at most: as Java
 * arrays, they fill the smallest regions of HotSpot's G1 collector without reaching into a second one.
 */
final class BlockBuilder {
    private static final int TARGET_BYTES = (1 << 20) - Platform.BYTE_ARRAY_OFFSET;
    private static final int MAX_ROWS = 1 << 14;

    private final boolean validation;
    private final int partition;
    private final int capacity;
    private double[] labels;
    private double[] weights;
    private final ColumnBuilder[] columns;
    private int rows;
    private long firstRow;

    BlockBuilder(boolean validation, int partition, List<Field> fields) {
        this(validation, partition, fields, capacity(fields));
    }

    /** Collects up to so many rows, of any size. */
    BlockBuilder(boolean validation, int partition, List<Field> fields, int capacity) {
        this.validation = validation;
        this.partition = partition;
        this.columns = fields.stream().map(ColumnBuilder::new).toArray(ColumnBuilder[]::new);
        this.capacity = capacity;
        this.labels = new double[capacity];
        this.weights = new double[capacity];
    }

    private static int capacity(List<Field> fields) {
        long row = 16;
        for (Field f : fields) {
            row += new ColumnBuilder(f).rowBytes();
        }
        return (int) Math.max(1, Math.min(MAX_ROWS, (TARGET_BYTES - PackedBlock.HEADER) / row));
    }

    /** The column to which a field of the next row is added, before {@link #end}. */
    ColumnBuilder column(int field) {
        return columns[field];
    }

    /** Ends a row whose fields have all been added. */
    void end(double label, double weight) {
        if (rows == labels.length) {
            labels = Arrays.copyOf(labels, 2 * rows);
            weights = Arrays.copyOf(weights, 2 * rows);
        }
        labels[rows] = label;
        weights[rows++] = weight;
    }

    boolean isFull() {
        boolean sparse = false;
        for (ColumnBuilder c : columns) {
            if (c.isFull(TARGET_BYTES)) {
                return true;
            }
            sparse |= c.isSparse();
        }
        return rows == (sparse ? MAX_ROWS : capacity);
    }

    boolean isEmpty() {
        return rows == 0;
    }

    int rows() {
        return rows;
    }

    /** Builds a block of the rows added since the last call. */
    byte[] build() {
        byte[] out = PackedBlock.build(columns, validation, partition, rows, firstRow, labels, weights);
        firstRow += rows;
        rows = 0;
        return out;
    }
}
