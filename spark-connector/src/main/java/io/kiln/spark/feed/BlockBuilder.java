package io.kiln.spark.feed;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.apache.spark.unsafe.Platform;

/**
 * Collects the rows of one set (training or validation) of one partition into blocks of at most 1 MiB: as Java arrays,
 * they fill the smallest regions of HotSpot's G1 collector without reaching into a second one.
 */
final class BlockBuilder {
    private static final int TARGET_BYTES = (1 << 20) - Platform.BYTE_ARRAY_OFFSET;
    private static final int MAX_ROWS = 1 << 14;

    private final boolean validation;
    private final int partition;
    private final int width;
    private final int capacity;
    private final double[] labels;
    private final double[] weights;
    private byte kind;
    // Rows of fixed size are collected in a block that is reused, so that it stays in the processor's cache.
    private byte[] block = new byte[0];
    private float[] values = new float[0];
    private int[] indices = new int[0];
    private int[] offsets;
    private int entries;
    private int rows;
    private long firstRow;

    BlockBuilder(boolean validation, int partition, int width) {
        this.validation = validation;
        this.partition = partition;
        this.width = width;
        this.capacity = (int) Math.max(1, Math.min(MAX_ROWS, (TARGET_BYTES - PackedBlock.HEADER) / (16 + 4L * width)));
        this.labels = new double[capacity];
        this.weights = new double[capacity];
    }

    /** Adds a row of one byte per feature. */
    void add(double label, double weight, byte[] features) {
        begin(PackedBlock.BYTES);
        append(features, Platform.BYTE_ARRAY_OFFSET, width);
        end(label, weight);
    }

    /**
     * Adds a dense row.
     *
     * @param base the object that holds its floats, as {@link Platform} expects it
     * @param offset their offset in it
     */
    void add(double label, double weight, Object base, long offset) {
        begin(PackedBlock.DENSE);
        if (kind == PackedBlock.SPARSE) {
            for (int i = 0; i < width; i++) {
                float x = Platform.getFloat(base, offset + 4L * i);
                if (x != 0) {
                    entry(i, x);
                }
            }
        } else {
            append(base, offset, 4 * width);
        }
        end(label, weight);
    }

    /** Adds a sparse row. */
    void add(double label, double weight, int[] at, float[] features) {
        begin(PackedBlock.SPARSE);
        if (kind == PackedBlock.SPARSE) {
            for (int i = 0; i < at.length; i++) {
                entry(at[i], features[i]);
            }
        } else {
            float[] dense = new float[width];
            for (int i = 0; i < at.length; i++) {
                dense[at[i]] = features[i];
            }
            append(dense, Platform.FLOAT_ARRAY_OFFSET, 4 * width);
        }
        end(label, weight);
    }

    /** Copies a row to its place in a full block. */
    private void append(Object base, long offset, int rowBytes) {
        int need = Math.addExact(features(capacity), Math.multiplyExact(capacity, rowBytes));
        block = block.length < need ? new byte[need] : block;
        long to = Platform.BYTE_ARRAY_OFFSET + features(capacity) + (long) rows * rowBytes;
        Platform.copyMemory(base, offset, block, to, rowBytes);
    }

    private static int features(int rows) {
        return PackedBlock.HEADER + 16 * rows;
    }

    /** The first row of a block determines how its rows are stored. */
    private void begin(byte rowKind) {
        if (rows == 0) {
            kind = rowKind;
            entries = 0;
            if (kind == PackedBlock.SPARSE && offsets == null) {
                offsets = new int[capacity + 1];
            }
        }
    }

    private void entry(int index, float value) {
        if (entries == indices.length) {
            indices = Arrays.copyOf(indices, Math.max(1024, 2 * entries));
        }
        if (entries >= values.length) {
            values = Arrays.copyOf(values, Math.max(1024, 2 * entries));
        }
        indices[entries] = index;
        values[entries++] = value;
    }

    private void end(double label, double weight) {
        labels[rows] = label;
        weights[rows++] = weight;
        if (kind == PackedBlock.SPARSE) {
            offsets[rows] = entries;
        }
    }

    boolean isFull() {
        return rows == capacity || kind == PackedBlock.SPARSE && entries >= TARGET_BYTES / 8;
    }

    boolean isEmpty() {
        return rows == 0;
    }

    /** Builds a block of the rows added since the last call. */
    byte[] build() {
        byte[] out;
        if (kind == PackedBlock.SPARSE) {
            out = new byte[features(rows) + 4 * (rows + 1) + 8 * entries];
            ByteBuffer to = view(out).position(features(rows));
            to.asIntBuffer().put(offsets, 0, rows + 1).put(indices, 0, entries);
            to.position(to.position() + 4 * (rows + 1 + entries));
            to.asFloatBuffer().put(values, 0, entries);
        } else {
            int bytes = rows * (kind == PackedBlock.BYTES ? width : 4 * width);
            if (rows < capacity) {
                System.arraycopy(block, features(capacity), block, features(rows), bytes);
            }
            out = Arrays.copyOf(block, features(rows) + bytes);
        }
        ByteBuffer to = view(out);
        PackedBlock.header(to, kind, validation, partition, rows, width, firstRow);
        to.position(PackedBlock.HEADER);
        to.asDoubleBuffer().put(labels, 0, rows).put(weights, 0, rows);
        firstRow += rows;
        rows = 0;
        return out;
    }

    private static ByteBuffer view(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
