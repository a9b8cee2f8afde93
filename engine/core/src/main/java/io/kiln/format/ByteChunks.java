package io.kiln.format;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.SequenceInputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * Bytes on the heap, of any number: a Java array ends at 2 GiB. Immutable, compared by content.
 *
 * <p>Concurrency: thread-safe.
 */
public final class ByteChunks implements Serializable {
    private static final long serialVersionUID = 1;

    /** Default maximum size of a chunk in bytes. */
    public static final int CHUNK = 32 << 20;

    /** No bytes. */
    public static final ByteChunks EMPTY = new ByteChunks(new byte[0][]);

    private final byte[][] chunks;
    private final long length;

    /** Writes content to a stream. */
    @FunctionalInterface
    public interface Writer {
        /**
         * Writes all of it.
         *
         * @param out the destination; left open
         * @throws IOException if writing fails
         */
        void write(OutputStream out) throws IOException;
    }

    private ByteChunks(byte[]... chunks) {
        this.chunks = chunks;
        this.length = Arrays.stream(chunks).mapToLong(c -> c.length).sum();
    }

    /**
     * Wraps an array.
     *
     * @param bytes the content, which must not be changed afterwards
     * @return the bytes
     */
    public static ByteChunks of(byte... bytes) {
        return bytes.length == 0 ? EMPTY : new ByteChunks(new byte[][] {bytes});
    }

    /**
     * Collects what is written.
     *
     * @param content writes the bytes
     * @return the bytes
     */
    public static ByteChunks write(Writer content) {
        return write(CHUNK, content);
    }

    /**
     * Collects what is written.
     *
     * @param chunk maximum size of a chunk in bytes
     * @param content writes the bytes
     * @return the bytes
     */
    public static ByteChunks write(int chunk, Writer content) {
        List<byte[]> chunks = new ArrayList<>();
        try (ChunkingOutputStream out = new ChunkingOutputStream(chunk, chunks::add)) {
            content.write(out);
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
        return new ByteChunks(chunks.toArray(byte[][]::new));
    }

    /**
     * Reads from a stream, which stays open.
     *
     * @param in the stream
     * @param length number of bytes
     * @return the bytes
     * @throws EOFException if the stream ends early
     * @throws IOException if reading fails
     */
    public static ByteChunks read(InputStream in, long length) throws IOException {
        if (length < 0) {
            throw new IOException("bytes: their number must be 0 or more, got " + length);
        }
        List<byte[]> chunks = new ArrayList<>();
        for (long at = 0; at < length; at += CHUNK) {
            int n = (int) Math.min(CHUNK, length - at);
            byte[] chunk = in.readNBytes(n);
            if (chunk.length < n) {
                throw new EOFException("bytes: the stream ends after " + (at + chunk.length) + " of " + length);
            }
            chunks.add(chunk);
        }
        return new ByteChunks(chunks.toArray(byte[][]::new));
    }

    /**
     * The number of bytes.
     *
     * @return their number
     */
    public long length() {
        return length;
    }

    /**
     * Whether there are no bytes.
     *
     * @return true if there are none
     */
    public boolean isEmpty() {
        return length == 0;
    }

    /**
     * Opens the bytes for reading.
     *
     * @return a stream of all bytes
     */
    public InputStream open() {
        return new SequenceInputStream(Collections.enumeration(
                Arrays.stream(chunks).map(ByteArrayInputStream::new).toList()));
    }

    /**
     * Writes the bytes to a stream.
     *
     * @param out the destination; left open
     * @throws IOException if writing fails
     */
    public void writeTo(OutputStream out) throws IOException {
        for (byte[] c : chunks) {
            out.write(c);
        }
    }

    /**
     * All bytes in one array.
     *
     * @return a copy
     * @throws IllegalStateException if they do not fit into an array
     */
    public byte[] toByteArray() {
        if (length > Integer.MAX_VALUE - 8) {
            throw new IllegalStateException(
                    "bytes: an array holds at most 2 GiB, these are " + length + " bytes; read them as a stream");
        }
        byte[] all = new byte[(int) length];
        int at = 0;
        for (byte[] c : chunks) {
            System.arraycopy(c, 0, all, at, c.length);
            at += c.length;
        }
        return all;
    }

    @Override
    public boolean equals(Object o) {
        if (!(o instanceof ByteChunks b) || b.length != length) {
            return false;
        }
        try (InputStream mine = open();
                InputStream other = b.open()) {
            byte[] part = new byte[1 << 16];
            for (int n = mine.readNBytes(part, 0, part.length); n > 0; n = mine.readNBytes(part, 0, part.length)) {
                if (!Arrays.equals(part, 0, n, other.readNBytes(n), 0, n)) {
                    return false;
                }
            }
            return true;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public int hashCode() {
        int h = 1;
        for (byte[] c : chunks) {
            for (byte b : c) {
                h = 31 * h + b;
            }
        }
        return h;
    }

    @Override
    public String toString() {
        return length + " bytes in " + chunks.length + " chunks";
    }
}
