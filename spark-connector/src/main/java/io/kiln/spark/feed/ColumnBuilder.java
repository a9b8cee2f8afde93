package io.kiln.spark.feed;

import io.kiln.ndarray.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.apache.spark.unsafe.Platform;

/** Collects the values of one field for a {@link PackedColumn}. */
final class ColumnBuilder {
    private static final int MOST_BYTES = Integer.MAX_VALUE - 8;

    private final boolean anyLength;
    private final boolean nested;
    private final boolean uint8;
    private final int width;
    private final int elementBytes;
    private boolean prefersSparse;
    private byte kind;
    // Reused, so that it stays in the processor's cache.
    private byte[] data = new byte[0];
    private float[] values = new float[0];
    private int[] indices = new int[0];
    private int[] inner = new int[1];
    private int[] offsets = new int[17];
    private int entries;
    private int lists;
    private int rows;
    private int used;

    ColumnBuilder(Field field) {
        this.anyLength = field.lengths() != null || field.isPerEpoch();
        this.nested = field.isNested();
        this.uint8 = field.dtype() == DType.UINT8;
        this.width = field.isPerEpoch() ? 1 : field.width();
        this.elementBytes = field.dtype().bytes();
    }

    /** From now on, dense rows of float32 are stored as sparse ones, so that the first row of a block does not decide. */
    void preferSparse() {
        prefersSparse = true;
    }

    /** The expected number of bytes of a row; sequences may be of any length. */
    long rowBytes() {
        return anyLength ? 0 : 4L * width * Math.max(1, elementBytes / 4);
    }

    /**
     * Adds a row of fixed size.
     *
     * @param base the object that holds its elements, as {@link Platform} expects it
     * @param offset their offset in it
     */
    void fixed(Object base, long offset) {
        begin(uint8 ? PackedColumn.BYTES : PackedColumn.DENSE);
        if (kind == PackedColumn.SPARSE) {
            for (int i = 0; i < width; i++) {
                float x = Platform.getFloat(base, offset + 4L * i);
                if (x != 0) {
                    entry(i, x);
                }
            }
        } else {
            append(base, offset, Math.multiplyExact(width, elementBytes));
        }
        end();
    }

    /** Adds a sparse row of float32. */
    void sparse(int[] at, float[] features) {
        begin(PackedColumn.SPARSE);
        if (kind == PackedColumn.SPARSE) {
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
        end();
    }

    /**
     * Adds a sequence.
     *
     * @param length number of its elements, each of the field's width
     * @param base the object that holds them, as {@link Platform} expects it
     * @param offset their offset in it
     */
    void sequence(int length, Object base, long offset) {
        begin(PackedColumn.RAGGED);
        append(base, offset, Math.multiplyExact(Math.multiplyExact(length, width), elementBytes));
        entries = Math.addExact(entries, length);
        end();
    }

    /** Adds a sequence of sequences, one after another. */
    void nested(int[] innerLengths, int length, Object base, long offset) {
        begin(PackedColumn.NESTED);
        int total = 0;
        if (inner.length <= lists + length) {
            inner = Arrays.copyOf(inner, 2 * (lists + length + 1));
        }
        for (int i = 0; i < length; i++) {
            total = Math.addExact(total, innerLengths[i]);
            inner[lists + 1] = Math.addExact(inner[lists], innerLengths[i]);
            lists++;
        }
        append(base, offset, Math.multiplyExact(total, elementBytes));
        entries = lists;
        end();
    }

    /** The first row of a block determines how its rows are stored, unless sparse rows are preferred. */
    private void begin(byte rowKind) {
        if (rows == 0) {
            kind = prefersSparse && rowKind == PackedColumn.DENSE ? PackedColumn.SPARSE : rowKind;
            entries = 0;
            lists = 0;
            used = 0;
        }
    }

    private void append(Object base, long offset, int bytes) {
        int need = size((long) used + bytes);
        if (data.length < need) {
            data = Arrays.copyOf(data, (int) Math.min(MOST_BYTES, Math.max(need, 2L * data.length)));
        }
        Platform.copyMemory(base, offset, data, Platform.BYTE_ARRAY_OFFSET + (long) used, bytes);
        used = need;
    }

    private int size(long bytes) {
        if (bytes > MOST_BYTES) {
            throw new IllegalStateException(
                    "feed: %d rows of a column of width %d need %d bytes, at most %d are possible; lower the batch size"
                            .formatted(rows + 1, width, bytes, MOST_BYTES));
        }
        return (int) bytes;
    }

    private void entry(int index, float value) {
        if (entries == indices.length) {
            size(8L * entries);
            indices = Arrays.copyOf(indices, Math.max(1024, 2 * entries));
            values = Arrays.copyOf(values, Math.max(1024, 2 * entries));
        }
        indices[entries] = index;
        values[entries++] = value;
    }

    private void end() {
        rows++;
        if (kind != PackedColumn.DENSE && kind != PackedColumn.BYTES) {
            if (offsets.length <= rows) {
                offsets = Arrays.copyOf(offsets, 2 * rows);
            }
            offsets[rows] = entries;
        }
    }

    byte kind() {
        return kind;
    }

    int elementBytes() {
        return elementBytes;
    }

    /** Elements of a row or, for a sequence, of an element. */
    int width() {
        return width;
    }

    /** Whether the rows fill a block of so many bytes. */
    boolean isFull(int bytes) {
        return rows > 0 && (kind == PackedColumn.SPARSE ? entries >= bytes / 8 : used >= bytes);
    }

    /** Whether rows need memory for what they contain only. */
    boolean isSparse() {
        return rows > 0 && kind == PackedColumn.SPARSE;
    }

    /** Bytes of the column. */
    int bytes() {
        return switch (kind) {
            case PackedColumn.SPARSE -> size(4L * (rows + 1) + 8L * entries);
            case PackedColumn.RAGGED -> 4 * (rows + 1) + used;
            case PackedColumn.NESTED -> 4 * (rows + 1) + 4 * (lists + 1) + used;
            default -> used;
        };
    }

    /** Writes the column, and begins the next one. */
    void writeTo(byte[] out, int at) {
        ByteBuffer to = ByteBuffer.wrap(out).order(ByteOrder.LITTLE_ENDIAN).position(at);
        switch (kind) {
            case PackedColumn.SPARSE -> {
                to.asIntBuffer().put(offsets, 0, rows + 1).put(indices, 0, entries);
                to.position(to.position() + 4 * (rows + 1 + entries));
                to.asFloatBuffer().put(values, 0, entries);
            }
            case PackedColumn.RAGGED -> {
                to.asIntBuffer().put(offsets, 0, rows + 1);
                to.position(to.position() + 4 * (rows + 1)).put(data, 0, used);
            }
            case PackedColumn.NESTED -> {
                to.asIntBuffer().put(offsets, 0, rows + 1).put(inner, 0, lists + 1);
                to.position(to.position() + 4 * (rows + 1 + lists + 1)).put(data, 0, used);
            }
            default -> to.put(data, 0, used);
        }
        rows = 0;
        used = 0;
    }
}
