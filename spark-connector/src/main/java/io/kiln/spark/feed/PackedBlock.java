package io.kiln.spark.feed;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.apache.spark.sql.catalyst.expressions.XXH64;
import org.apache.spark.unsafe.Platform;

/**
 * Rows in one byte array, the unit that Spark stores and shuffles. Little-endian:
 *
 * <pre>
 * int magic, byte kind, byte set, short 0, int partition, int rows, int width, int 0, long firstRow,
 * double[rows] labels, double[rows] weights, fields
 * </pre>
 *
 * where a single field of float32 or uint8 is a {@link PackedColumn} of that kind and width. A block of kind "fields"
 * has {@code width} others: for each, {@code int kind, int elementBytes, int width, int bytes}, then one column after
 * another. A block of kind "error" holds a message about an invalid row instead.
 */
final class PackedBlock {
    private static final byte ERROR = 3;
    private static final byte FIELDS = 4;
    private static final int ENTRY = 16;
    static final int HEADER = 32;
    private static final int MAGIC = 0x4b4c4e31;
    private static final long SEED = 42;

    private final Object base;
    private final long start;
    private final int length;
    private final byte kind;
    private final boolean validation;
    private final int partition;
    private final int rows;
    private final int width;
    private final long firstRow;
    private final PackedColumn[] columns;

    PackedBlock(byte[] bytes) {
        this(bytes, Platform.BYTE_ARRAY_OFFSET, bytes.length);
    }

    /** A block in off-heap memory, which must stay allocated as long as this object is used. */
    PackedBlock(long address, int length) {
        this(null, address, length);
    }

    private PackedBlock(Object base, long start, int length) {
        this.base = base;
        this.start = start;
        this.length = length;
        if (length < HEADER || getInt(0) != MAGIC) {
            throw new IllegalStateException("feed: a stored block is damaged: it has no header");
        }
        this.kind = Platform.getByte(base, start + 4);
        this.validation = Platform.getByte(base, start + 5) != 0;
        this.partition = getInt(8);
        this.rows = getInt(12);
        this.width = getInt(16);
        this.firstRow = Platform.getLong(base, start + 24);
        this.columns = kind == ERROR ? new PackedColumn[0] : kind == FIELDS ? table() : new PackedColumn[] {only()};
    }

    private PackedColumn only() {
        return new PackedColumn(base, start + fields(), kind, kind == PackedColumn.BYTES ? 1 : 4, width, rows);
    }

    private PackedColumn[] table() {
        PackedColumn[] all = new PackedColumn[width];
        long at = start + fields() + (long) ENTRY * width;
        for (int f = 0; f < width; f++) {
            int entry = fields() + ENTRY * f;
            all[f] = new PackedColumn(base, at, (byte) getInt(entry), getInt(entry + 4), getInt(entry + 8), rows);
            at += getInt(entry + 12);
        }
        return all;
    }

    private int getInt(int at) {
        return Platform.getInt(base, start + at);
    }

    static void header(
            ByteBuffer to, byte kind, boolean validation, int partition, int rows, int width, long firstRow) {
        to.putInt(0, MAGIC);
        to.put(4, kind);
        to.put(5, (byte) (validation ? 1 : 0));
        to.putShort(6, (short) 0);
        to.putInt(8, partition);
        to.putInt(12, rows);
        to.putInt(16, width);
        to.putInt(20, 0);
        to.putLong(24, firstRow);
    }

    /**
     * Builds a block.
     *
     * @param columns its fields; they begin the next block
     */
    static byte[] build(
            ColumnBuilder[] columns,
            boolean validation,
            int partition,
            int rows,
            long firstRow,
            double[] labels,
            double[] weights) {
        boolean plain = columns.length == 1
                && columns[0].kind() <= PackedColumn.SPARSE
                && columns[0].elementBytes() == (columns[0].kind() == PackedColumn.BYTES ? 1 : 4);
        int at = HEADER + 16 * rows;
        int size = plain ? at : at + ENTRY * columns.length;
        for (ColumnBuilder c : columns) {
            size = Math.addExact(size, c.bytes());
        }
        byte[] out = new byte[size];
        ByteBuffer to = ByteBuffer.wrap(out).order(ByteOrder.LITTLE_ENDIAN);
        header(
                to,
                plain ? columns[0].kind() : FIELDS,
                validation,
                partition,
                rows,
                plain ? columns[0].width() : columns.length,
                firstRow);
        to.position(HEADER);
        to.asDoubleBuffer().put(labels, 0, rows).put(weights, 0, rows);
        if (!plain) {
            for (ColumnBuilder c : columns) {
                entry(to, at, c.kind(), c.elementBytes(), c.width(), c.bytes());
                at += ENTRY;
            }
        }
        for (ColumnBuilder c : columns) {
            int bytes = c.bytes();
            c.writeTo(out, at);
            at += bytes;
        }
        return out;
    }

    private static void entry(ByteBuffer to, int at, int kind, int elementBytes, int width, int bytes) {
        to.putInt(at, kind).putInt(at + 4, elementBytes).putInt(at + 8, width).putInt(at + 12, bytes);
    }

    static byte[] error(int partition, String message) {
        byte[] text = message.getBytes(StandardCharsets.UTF_8);
        ByteBuffer b = ByteBuffer.allocate(HEADER + text.length).order(ByteOrder.LITTLE_ENDIAN);
        header(b, ERROR, false, partition, 0, 0, 0);
        b.put(HEADER, text);
        return b.array();
    }

    /** The message about an invalid row, or null. */
    String error() {
        if (kind != ERROR) {
            return null;
        }
        byte[] text = new byte[length - HEADER];
        copy(HEADER, text, 0, text.length);
        return new String(text, StandardCharsets.UTF_8);
    }

    private void copy(int from, byte[] to, int at, int count) {
        Platform.copyMemory(base, start + from, to, Platform.BYTE_ARRAY_OFFSET + at, count);
    }

    boolean isValidation() {
        return validation;
    }

    /** The partition of the DataFrame that contains the rows. */
    int partition() {
        return partition;
    }

    int rows() {
        return rows;
    }

    /** Position of the first row among the rows of its partition and set. */
    long firstRow() {
        return firstRow;
    }

    double label(int row) {
        return Platform.getDouble(base, start + HEADER + 8L * row);
    }

    double weight(int row) {
        return Platform.getDouble(base, start + HEADER + 8L * (rows + row));
    }

    private int fields() {
        return HEADER + 16 * rows;
    }

    /** The number of fields. */
    int columns() {
        return columns.length;
    }

    /** A field. */
    PackedColumn column(int field) {
        return columns[field];
    }

    /** Receives the values of a row. */
    @FunctionalInterface
    interface FeatureConsumer {
        void accept(int index, double value);
    }

    /** Copies a range of rows into a new block. */
    byte[] slice(int from, int to) {
        int n = to - from;
        int at = HEADER + 16 * n;
        int size = kind == FIELDS ? at + ENTRY * width : at;
        for (PackedColumn c : columns) {
            size = Math.addExact(size, c.sliceBytes(from, to));
        }
        byte[] slice = new byte[size];
        ByteBuffer out = ByteBuffer.wrap(slice).order(ByteOrder.LITTLE_ENDIAN);
        header(out, kind, validation, partition, n, width, firstRow + from);
        copy(HEADER + 8 * from, slice, HEADER, 8 * n);
        copy(HEADER + 8 * (rows + from), slice, HEADER + 8 * n, 8 * n);
        if (kind == FIELDS) {
            for (PackedColumn c : columns) {
                entry(out, at, c.kind(), c.elementBytes(), c.width(), c.sliceBytes(from, to));
                at += ENTRY;
            }
        }
        for (PackedColumn c : columns) {
            c.slice(from, to, out, at);
            at += c.sliceBytes(from, to);
        }
        return slice;
    }

    /** Whether a range covers all rows. */
    boolean isAll(int from, int to) {
        return from == 0 && to == rows;
    }

    int bytes() {
        return length;
    }

    /** A 64-bit hash of the whole block: XXH64 (Collet, "xxHash"). */
    long fingerprint() {
        return XXH64.hashUnsafeBytes(base, start, length, SEED);
    }
}
