package io.kiln.spark.feed;

import io.kiln.ndarray.Memory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Rows in one byte array: what Spark's storage keeps and a shuffle moves. Little-endian:
 *
 * <pre>
 * int magic, byte kind, byte set, short 0, int partition, int rows, int width, int 0, long firstRow,
 * double[rows] labels, double[rows] weights, features
 * </pre>
 *
 * where features are {@code float[rows][width]}, {@code byte[rows][width]}, or, of sparse rows, {@code int[rows + 1]} offsets
 * into the {@code int[]} indices that follow, and as many {@code float[]} values. A block of kind "error" holds a message
 * about a bad row instead.
 */
final class PackedBlock {
    static final byte DENSE = 0;
    static final byte BYTES = 1;
    static final byte SPARSE = 2;
    private static final byte ERROR = 3;
    static final int HEADER = 32;
    private static final int MAGIC = 0x4b4c4e31;

    private final byte[] bytes;
    private final ByteBuffer view;
    private final byte kind;
    private final boolean validation;
    private final int partition;
    private final int rows;
    private final int width;
    private final long firstRow;

    PackedBlock(byte[] bytes) {
        this.bytes = bytes;
        this.view = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        if (bytes.length < HEADER || view.getInt(0) != MAGIC) {
            throw new IllegalStateException("feed: a stored block is damaged: it has no header");
        }
        this.kind = bytes[4];
        this.validation = bytes[5] != 0;
        this.partition = view.getInt(8);
        this.rows = view.getInt(12);
        this.width = view.getInt(16);
        this.firstRow = view.getLong(24);
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

    static byte[] error(int partition, String message) {
        byte[] text = message.getBytes(StandardCharsets.UTF_8);
        ByteBuffer b = ByteBuffer.allocate(HEADER + text.length).order(ByteOrder.LITTLE_ENDIAN);
        header(b, ERROR, false, partition, 0, 0, 0);
        b.put(HEADER, text);
        return b.array();
    }

    /** The message about a bad row, or null. */
    String error() {
        return kind == ERROR ? new String(bytes, HEADER, bytes.length - HEADER, StandardCharsets.UTF_8) : null;
    }

    byte[] bytes() {
        return bytes;
    }

    byte kind() {
        return kind;
    }

    boolean isValidation() {
        return validation;
    }

    /** The partition of the DataFrame that the rows come from. */
    int partition() {
        return partition;
    }

    int rows() {
        return rows;
    }

    /** Place of the first row among the rows of its partition and set. */
    long firstRow() {
        return firstRow;
    }

    double label(int row) {
        return view.getDouble(HEADER + 8 * row);
    }

    double weight(int row) {
        return view.getDouble(HEADER + 8 * (rows + row));
    }

    private int features() {
        return HEADER + 16 * rows;
    }

    /** Bytes of a row in a batch: 1 or 4 per feature. */
    private int rowBytes() {
        return kind == BYTES ? width : 4 * width;
    }

    /** Writes a row's features to native memory, densely. */
    void copyRow(int row, long address) {
        int size = rowBytes();
        if (kind != SPARSE) {
            Memory.put(bytes, features() + row * size, address, size);
            return;
        }
        Memory.fill(address, size, (byte) 0);
        int at = features();
        int from = view.getInt(at + 4 * row);
        int to = view.getInt(at + 4 * (row + 1));
        int indices = at + 4 * (rows + 1);
        int values = indices + 4 * view.getInt(at + 4 * rows);
        for (int i = from; i < to; i++) {
            Memory.putFloat(address + 4L * view.getInt(indices + 4 * i), view.getFloat(values + 4 * i));
        }
    }

    /** Some of the rows as a block of their own. */
    PackedBlock slice(int from, int to) {
        if (from == 0 && to == rows) {
            return this;
        }
        int n = to - from;
        ByteBuffer out = ByteBuffer.allocate(sliceBytes(from, to)).order(ByteOrder.LITTLE_ENDIAN);
        header(out, kind, validation, partition, n, width, firstRow + from);
        out.put(HEADER, bytes, HEADER + 8 * from, 8 * n);
        out.put(HEADER + 8 * n, bytes, HEADER + 8 * (rows + from), 8 * n);
        int at = HEADER + 16 * n;
        if (kind != SPARSE) {
            out.put(at, bytes, features() + from * rowBytes(), n * rowBytes());
        } else {
            int source = features();
            int first = view.getInt(source + 4 * from);
            int count = view.getInt(source + 4 * to) - first;
            for (int i = 0; i <= n; i++) {
                out.putInt(at + 4 * i, view.getInt(source + 4 * (from + i)) - first);
            }
            int indices = source + 4 * (rows + 1);
            int values = indices + 4 * view.getInt(source + 4 * rows);
            out.put(at + 4 * (n + 1), bytes, indices + 4 * first, 4 * count);
            out.put(at + 4 * (n + 1 + count), bytes, values + 4 * first, 4 * count);
        }
        return new PackedBlock(out.array());
    }

    private int sliceBytes(int from, int to) {
        int n = to - from;
        if (kind != SPARSE) {
            return HEADER + 16 * n + n * rowBytes();
        }
        int count = view.getInt(features() + 4 * to) - view.getInt(features() + 4 * from);
        return HEADER + 16 * n + 4 * (n + 1) + 8 * count;
    }

    /** A number that differs when the content differs, whatever the block's size. */
    long fingerprint() {
        java.util.zip.CRC32C crc = new java.util.zip.CRC32C();
        crc.update(bytes, HEADER, bytes.length - HEADER);
        return crc.getValue() * 31 + Arrays.hashCode(new long[] {rows, width, firstRow, partition, kind});
    }
}
