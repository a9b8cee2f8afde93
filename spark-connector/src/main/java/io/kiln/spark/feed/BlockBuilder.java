package io.kiln.spark.feed;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Collects the rows of one set (training or validation) of one partition into blocks of about 1 MiB. */
final class BlockBuilder {
    private static final int TARGET_BYTES = 1 << 20;
    private static final int MAX_ROWS = 1 << 14;

    private final boolean validation;
    private final int partition;
    private final int width;
    private final int capacity;
    private final double[] labels;
    private final double[] weights;
    private byte kind;
    private byte[] bytes = new byte[0];
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
        this.capacity = Math.max(1, Math.min(MAX_ROWS, TARGET_BYTES / (4 * width)));
        this.labels = new double[capacity];
        this.weights = new double[capacity];
    }

    /** Adds a row of one byte per feature. */
    void add(double label, double weight, byte[] features) {
        begin(PackedBlock.BYTES);
        bytes = bytes.length == 0 ? new byte[Math.multiplyExact(capacity, width)] : bytes;
        System.arraycopy(features, 0, bytes, rows * width, width);
        end(label, weight);
    }

    /** Adds a dense row. */
    void add(double label, double weight, float[] features) {
        begin(PackedBlock.DENSE);
        if (kind == PackedBlock.SPARSE) {
            for (int i = 0; i < width; i++) {
                if (features[i] != 0) {
                    entry(i, features[i]);
                }
            }
        } else {
            System.arraycopy(features, 0, dense(), rows * width, width);
        }
        end(label, weight);
    }

    /** Adds a row of which only some features are not 0. */
    void add(double label, double weight, int[] at, float[] features) {
        begin(PackedBlock.SPARSE);
        if (kind == PackedBlock.SPARSE) {
            for (int i = 0; i < at.length; i++) {
                entry(at[i], features[i]);
            }
        } else {
            float[] to = dense();
            Arrays.fill(to, rows * width, (rows + 1) * width, 0);
            for (int i = 0; i < at.length; i++) {
                to[rows * width + at[i]] = features[i];
            }
        }
        end(label, weight);
    }

    private float[] dense() {
        int need = Math.multiplyExact(capacity, width);
        if (values.length < need) {
            values = new float[need];
        }
        return values;
    }

    /** The first row of a block decides how its rows are kept. */
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

    /** The rows added since the last call, as a block. */
    byte[] build() {
        int featureBytes =
                switch (kind) {
                    case PackedBlock.BYTES -> rows * width;
                    case PackedBlock.DENSE -> 4 * rows * width;
                    default -> 4 * (rows + 1) + 8 * entries;
                };
        ByteBuffer out = ByteBuffer.allocate(PackedBlock.HEADER + 16 * rows + featureBytes)
                .order(ByteOrder.LITTLE_ENDIAN);
        PackedBlock.header(out, kind, validation, partition, rows, width, firstRow);
        out.position(PackedBlock.HEADER);
        out.asDoubleBuffer().put(labels, 0, rows).put(weights, 0, rows);
        out.position(PackedBlock.HEADER + 16 * rows);
        switch (kind) {
            case PackedBlock.BYTES -> out.put(bytes, 0, rows * width);
            case PackedBlock.DENSE -> out.asFloatBuffer().put(values, 0, rows * width);
            default -> {
                out.asIntBuffer().put(offsets, 0, rows + 1).put(indices, 0, entries);
                out.position(out.position() + 4 * (rows + 1 + entries));
                out.asFloatBuffer().put(values, 0, entries);
            }
        }
        firstRow += rows;
        rows = 0;
        return out.array();
    }
}
