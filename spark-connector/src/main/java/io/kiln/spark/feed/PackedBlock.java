package io.kiln.spark.feed;

import io.kiln.ndarray.HostView;
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
 * double[rows] labels, double[rows] weights, features
 * </pre>
 *
 * where features are {@code float[rows][width]}, {@code byte[rows][width]}, or, for sparse rows, {@code int[rows + 1]}
 * offsets into the {@code int[]} indices that follow, and as many {@code float[]} values. A block of kind "error" holds
 * a message about an invalid row instead.
 */
final class PackedBlock {
    static final byte DENSE = 0;
    static final byte BYTES = 1;
    static final byte SPARSE = 2;
    private static final byte ERROR = 3;
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

    byte kind() {
        return kind;
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

    private int features() {
        return HEADER + 16 * rows;
    }

    /** Bytes of a row in a batch: 1 or 4 per feature. */
    private int rowBytes() {
        return kind == BYTES ? width : 4 * width;
    }

    /** Writes a row's features to host memory, in dense form. */
    void copyRow(int row, HostView target) {
        int size = rowBytes();
        long address = target.slice(0, size).address();
        if (kind != SPARSE) {
            Platform.copyMemory(base, start + features() + (long) row * size, null, address, size);
            return;
        }
        Platform.setMemory(address, (byte) 0, size);
        int at = features();
        int from = getInt(at + 4 * row);
        int to = getInt(at + 4 * (row + 1));
        int indices = at + 4 * (rows + 1);
        long values = start + indices + 4L * getInt(at + 4 * rows);
        for (int i = from; i < to; i++) {
            Platform.putFloat(null, address + 4L * getInt(indices + 4 * i), Platform.getFloat(base, values + 4L * i));
        }
    }

    /** Receives the features of a row. */
    @FunctionalInterface
    interface FeatureConsumer {
        void accept(int index, double value);
    }

    /** Passes a row's features to a consumer; for a sparse row, only those it contains. */
    void forEachFeature(int row, FeatureConsumer to) {
        int at = features();
        if (kind == SPARSE) {
            int end = getInt(at + 4 * (row + 1));
            int indices = at + 4 * (rows + 1);
            int values = indices + 4 * getInt(at + 4 * rows);
            for (int i = getInt(at + 4 * row); i < end; i++) {
                to.accept(getInt(indices + 4 * i), Platform.getFloat(base, start + values + 4L * i));
            }
            return;
        }
        at += row * rowBytes();
        for (int i = 0; i < width; i++) {
            to.accept(
                    i,
                    kind == BYTES
                            ? Platform.getByte(base, start + at + i) & 0xff
                            : Platform.getFloat(base, start + at + 4L * i));
        }
    }

    /** Copies a range of rows into a new block. */
    byte[] slice(int from, int to) {
        int n = to - from;
        byte[] slice = new byte[sliceBytes(from, to)];
        ByteBuffer out = ByteBuffer.wrap(slice).order(ByteOrder.LITTLE_ENDIAN);
        header(out, kind, validation, partition, n, width, firstRow + from);
        copy(HEADER + 8 * from, slice, HEADER, 8 * n);
        copy(HEADER + 8 * (rows + from), slice, HEADER + 8 * n, 8 * n);
        int at = HEADER + 16 * n;
        if (kind != SPARSE) {
            copy(features() + from * rowBytes(), slice, at, n * rowBytes());
        } else {
            int source = features();
            int first = getInt(source + 4 * from);
            int count = getInt(source + 4 * to) - first;
            for (int i = 0; i <= n; i++) {
                out.putInt(at + 4 * i, getInt(source + 4 * (from + i)) - first);
            }
            int indices = source + 4 * (rows + 1);
            int values = indices + 4 * getInt(source + 4 * rows);
            copy(indices + 4 * first, slice, at + 4 * (n + 1), 4 * count);
            copy(values + 4 * first, slice, at + 4 * (n + 1 + count), 4 * count);
        }
        return slice;
    }

    private int sliceBytes(int from, int to) {
        int n = to - from;
        if (kind != SPARSE) {
            return HEADER + 16 * n + n * rowBytes();
        }
        int count = getInt(features() + 4 * to) - getInt(features() + 4 * from);
        return HEADER + 16 * n + 4 * (n + 1) + 8 * count;
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
