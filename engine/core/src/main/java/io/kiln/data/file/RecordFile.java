package io.kiln.data.file;

import io.kiln.data.Dataset;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/**
 * Records of a RecordIO file of Apache MXNet. A record is one or more chunks: magic number {@code 0xced7230a}, a word whose upper 3
 * bits say whether the chunk is whole (0), the first (1), a middle (2) or the last one (3) of a record and whose other bits are the
 * length, the bytes, zeros up to a multiple of 4. A record is cut where its bytes have the magic number at a multiple of 4; the
 * magic number stands between its chunks. All numbers are little-endian.
 *
 * <p>Opening reads the headers only; {@link #get} reads a record.
 *
 * <p>Concurrency: safe.
 */
public final class RecordFile implements Dataset<byte[]>, AutoCloseable {
    private static final int MAGIC = 0xced7230a;
    private static final int LENGTH_BITS = 29;
    private static final int WHOLE = 0;
    private static final int FIRST = 1;
    private static final int MIDDLE = 2;
    private static final int LAST = 3;
    private static final int HEADER = 8;

    private final Path file;
    private final FileChannel channel;
    private long[] starts = new long[16];
    private int count;

    private RecordFile(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /**
     * Opens a file and finds its records.
     *
     * @param file the file
     * @return its records; to be closed
     * @throws IOException if reading fails or the file is damaged
     */
    public static RecordFile open(Path file) throws IOException {
        RecordFile records = new RecordFile(file, FileChannel.open(file, StandardOpenOption.READ));
        try {
            records.scan();
            return records;
        } catch (IOException e) {
            records.close();
            throw e;
        }
    }

    private void scan() throws IOException {
        long size = channel.size();
        boolean inside = false;
        for (long at = 0; at < size; ) {
            Chunk c = chunk(at, size);
            boolean begins = c.part() == WHOLE || c.part() == FIRST;
            if (begins == inside) {
                throw new IOException("%s: at byte %d: expected %s chunk, found kind %d"
                        .formatted(file, at, inside ? "a further" : "a first", c.part()));
            }
            if (begins) {
                starts = count == starts.length ? Arrays.copyOf(starts, 2 * count) : starts;
                starts[count++] = at;
            }
            inside = c.part() == FIRST || c.part() == MIDDLE;
            at = c.end();
        }
        if (inside) {
            throw new IOException("%s: ends within record %d".formatted(file, count - 1));
        }
    }

    private record Chunk(int part, long start, int length) {
        long end() {
            return start + (length + 3L) / 4 * 4;
        }
    }

    private Chunk chunk(long at, long size) throws IOException {
        ByteBuffer header = ByteBuffer.allocate(HEADER).order(ByteOrder.LITTLE_ENDIAN);
        read(header, at);
        int magic = header.getInt(0);
        int word = header.getInt(4);
        Chunk c = new Chunk(word >>> LENGTH_BITS, at + HEADER, word & (1 << LENGTH_BITS) - 1);
        if (magic != MAGIC || c.part() > LAST) {
            throw new IOException(
                    "%s: at byte %d: expected magic number %#x and a kind of chunk from 0 to 3, found %#x, %d"
                            .formatted(file, at, MAGIC, magic, c.part()));
        }
        if (c.end() > size) {
            throw new IOException("%s: at byte %d: a chunk of %d bytes reaches beyond the end of the file at %d"
                    .formatted(file, at, c.length(), size));
        }
        return c;
    }

    private void read(ByteBuffer to, long at) throws IOException {
        long from = at;
        while (to.hasRemaining()) {
            int n = channel.read(to, from);
            if (n < 0) {
                throw new IOException("%s: at byte %d: ends too early".formatted(file, from));
            }
            from += n;
        }
    }

    @Override
    public long size() {
        return count;
    }

    @Override
    public byte[] get(long index) {
        if (index < 0 || index >= count) {
            throw new IndexOutOfBoundsException(file + ": record must be from 0 to below " + count + ", got " + index);
        }
        try {
            return record(starts[(int) index]);
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": record " + index + ": " + e.getMessage(), e);
        }
    }

    private byte[] record(long start) throws IOException {
        long size = channel.size();
        byte[] bytes = {};
        long at = start;
        while (true) {
            Chunk c = chunk(at, size);
            int have = bytes.length;
            int from = have == 0 && at == start ? 0 : have + Integer.BYTES;
            bytes = Arrays.copyOf(bytes, Math.addExact(from, c.length()));
            if (from > have) {
                ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(have, MAGIC);
            }
            read(ByteBuffer.wrap(bytes, from, c.length()), c.start());
            if (c.part() == WHOLE || c.part() == LAST) {
                return bytes;
            }
            at = c.end();
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
