package io.kiln.spark.feed;

import java.nio.ByteBuffer;
import org.apache.spark.unsafe.Platform;

/**
 * The values of one field in a {@link PackedBlock}: {@code element[rows][width]} of fixed size; or, for sparse rows,
 * {@code int[rows + 1]} offsets into the {@code int[]} indices that follow, and as many {@code float[]} values; or, for
 * sequences, {@code int[rows + 1]} offsets into the {@code element[][width]} that follow; or, for sequences of
 * sequences, {@code int[rows + 1]} offsets into the inner sequences, {@code int[]} offsets of these, and their elements.
 */
final class PackedColumn {
    static final byte DENSE = 0;
    static final byte BYTES = 1;
    static final byte SPARSE = 2;
    static final byte RAGGED = 5;
    static final byte NESTED = 6;

    private final Object base;
    private final long start;
    private final byte kind;
    private final int elementBytes;
    private final int width;
    private final int rows;

    PackedColumn(Object base, long start, byte kind, int elementBytes, int width, int rows) {
        this.base = base;
        this.start = start;
        this.kind = kind;
        this.elementBytes = elementBytes;
        this.width = width;
        this.rows = rows;
    }

    byte kind() {
        return kind;
    }

    int elementBytes() {
        return elementBytes;
    }

    int width() {
        return width;
    }

    private int getInt(long at) {
        return Platform.getInt(base, start + 4 * at);
    }

    private long rowBytes() {
        return (long) width * elementBytes;
    }

    /** Writes a row of fixed size to off-heap memory, in dense form. */
    void copyRow(int row, long address) {
        long size = rowBytes();
        if (kind != SPARSE) {
            Platform.copyMemory(base, start + row * size, null, address, size);
            return;
        }
        Platform.setMemory(address, (byte) 0, size);
        int to = getInt(row + 1);
        long values = rows + 1L + getInt(rows);
        for (int i = getInt(row); i < to; i++) {
            Platform.putFloat(
                    null, address + 4L * getInt(rows + 1L + i), Platform.getFloat(base, start + 4 * (values + i)));
        }
    }

    /** Passes a row's values to a consumer; for a sparse row, only those it contains; for a sequence, those of all elements. */
    void forEach(int row, PackedBlock.FeatureConsumer to) {
        if (kind == SPARSE) {
            int end = getInt(row + 1);
            long values = rows + 1L + getInt(rows);
            for (int i = getInt(row); i < end; i++) {
                to.accept(getInt(rows + 1L + i), Platform.getFloat(base, start + 4 * (values + i)));
            }
            return;
        }
        long at = start + (kind == RAGGED ? 4L * (rows + 1) + getInt(row) * rowBytes() : row * rowBytes());
        int count = kind == RAGGED ? length(row) * width : width;
        for (int i = 0; i < count; i++) {
            to.accept(i, kind == BYTES ? Platform.getByte(base, at + i) & 0xff : Platform.getFloat(base, at + 4L * i));
        }
    }

    /** The number of elements of a row of float32 that are stored or, where all are, differ from 0. */
    int entries(int row) {
        if (kind == SPARSE) {
            return length(row);
        }
        int count = 0;
        long at = start + row * rowBytes();
        for (int i = 0; i < width; i++) {
            count += Platform.getFloat(base, at + 4L * i) != 0 ? 1 : 0;
        }
        return count;
    }

    /** The number of stored elements of all rows. */
    long stored() {
        return kind == SPARSE ? getInt(rows) : (long) rows * width;
    }

    /** Writes the indices and the values of a row's {@link #entries} to off-heap memory. */
    void copyEntries(int row, long indexAddress, long valueAddress) {
        if (kind == SPARSE) {
            long from = getInt(row);
            long bytes = 4L * length(row);
            long indices = start + 4L * (rows + 1);
            Platform.copyMemory(base, indices + 4 * from, null, indexAddress, bytes);
            Platform.copyMemory(base, indices + 4L * getInt(rows) + 4 * from, null, valueAddress, bytes);
            return;
        }
        long at = start + row * rowBytes();
        int n = 0;
        for (int i = 0; i < width; i++) {
            float x = Platform.getFloat(base, at + 4L * i);
            if (x != 0) {
                Platform.putInt(null, indexAddress + 4L * n, i);
                Platform.putFloat(null, valueAddress + 4L * n++, x);
            }
        }
    }

    /** Whether rows are sequences. */
    boolean isRagged() {
        return kind == RAGGED || kind == NESTED;
    }

    /** The number of elements of a sequence. */
    int length(int row) {
        return getInt(row + 1) - getInt(row);
    }

    /** The bytes of a sequence of bytes. */
    byte[] bytes(int row) {
        byte[] to = new byte[length(row)];
        Platform.copyMemory(base, start + 4L * (rows + 1) + getInt(row), to, Platform.BYTE_ARRAY_OFFSET, to.length);
        return to;
    }

    /** The length of the longest inner sequence of a row. */
    int innerLength(int row) {
        int longest = 0;
        for (int i = getInt(row); i < getInt(row + 1); i++) {
            longest = Math.max(longest, getInt(rows + 2L + i) - getInt(rows + 1L + i));
        }
        return longest;
    }

    /** Writes a sequence to off-heap memory that is filled with zeros. */
    void copySequence(int row, long address) {
        long from = getInt(row) * rowBytes();
        Platform.copyMemory(base, start + 4L * (rows + 1) + from, null, address, length(row) * rowBytes());
    }

    /** Writes a sequence of sequences to off-heap memory that is filled with zeros, each padded to a length. */
    void copyNested(int row, long address, int padded) {
        int lists = getInt(rows);
        long data = start + 4L * (rows + 1 + lists + 1);
        long to = address;
        for (int i = getInt(row); i < getInt(row + 1); i++) {
            long first = getInt(rows + 1L + i);
            long count = getInt(rows + 2L + i) - first;
            Platform.copyMemory(base, data + first * elementBytes, null, to, count * elementBytes);
            to += (long) padded * elementBytes;
        }
    }

    /** The number of elements of an inner sequence. */
    int innerLength(int row, int index) {
        long i = getInt(row) + index;
        return getInt(rows + 2L + i) - getInt(rows + 1L + i);
    }

    int sliceBytes(int from, int to) {
        int n = to - from;
        if (kind == DENSE || kind == BYTES) {
            return Math.toIntExact(n * rowBytes());
        }
        int count = getInt(to) - getInt(from);
        if (kind == SPARSE) {
            return 4 * (n + 1) + 8 * count;
        } else if (kind == RAGGED) {
            return Math.toIntExact(4L * (n + 1) + count * rowBytes());
        }
        return 4 * (n + 1) + 4 * (count + 1) + (innerOffset(to) - innerOffset(from)) * elementBytes;
    }

    /** The number of elements before a row. */
    private int innerOffset(int row) {
        return getInt(rows + 1L + getInt(row));
    }

    /** Copies a range of rows. */
    void slice(int from, int to, ByteBuffer out, int at) {
        int n = to - from;
        if (kind == DENSE || kind == BYTES) {
            copy(from * rowBytes(), out, at, n * rowBytes());
            return;
        }
        int first = getInt(from);
        int count = getInt(to) - first;
        for (int i = 0; i <= n; i++) {
            out.putInt(at + 4 * i, getInt(from + i) - first);
        }
        int behind = at + 4 * (n + 1);
        if (kind == SPARSE) {
            long indices = 4L * (rows + 1);
            copy(indices + 4L * first, out, behind, 4L * count);
            copy(indices + 4L * getInt(rows) + 4L * first, out, behind + 4 * count, 4L * count);
        } else if (kind == RAGGED) {
            copy(4L * (rows + 1) + first * rowBytes(), out, behind, count * rowBytes());
        } else {
            int firstElement = innerOffset(from);
            for (int i = 0; i <= count; i++) {
                out.putInt(behind + 4 * i, getInt(rows + 1L + first + i) - firstElement);
            }
            long data = 4L * (rows + 1 + getInt(rows) + 1);
            copy(
                    data + (long) firstElement * elementBytes,
                    out,
                    behind + 4 * (count + 1),
                    (long) (innerOffset(to) - firstElement) * elementBytes);
        }
    }

    private void copy(long from, ByteBuffer to, int at, long count) {
        Platform.copyMemory(base, start + from, to.array(), Platform.BYTE_ARRAY_OFFSET + (long) at, count);
    }
}
