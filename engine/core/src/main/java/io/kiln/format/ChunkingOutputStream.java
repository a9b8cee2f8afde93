package io.kiln.format;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.Objects;

/**
 * Splits a stream of any length into arrays of limited size, and passes each on as soon as it is full. The last,
 * shorter one follows at {@link #close()}; an empty stream gives none.
 *
 * <p>Concurrency: one thread at a time.
 */
public final class ChunkingOutputStream extends OutputStream {
    private static final int FIRST = 1 << 12;

    private final int limit;
    private final Sink sink;
    private byte[] chunk = new byte[0];
    private int filled;

    /** Receives the chunks. */
    @FunctionalInterface
    public interface Sink {
        /**
         * Receives a chunk.
         *
         * @param chunk its bytes, owned by the receiver from now on
         * @throws IOException if it cannot be stored
         */
        void accept(byte[] chunk) throws IOException;
    }

    /**
     * Opens a stream.
     *
     * @param limit maximum size of a chunk in bytes
     * @param sink receives the chunks in order
     */
    public ChunkingOutputStream(int limit, Sink sink) {
        if (limit < 1) {
            throw new IllegalArgumentException("chunks: the limit must be at least 1 byte, got " + limit);
        }
        this.limit = limit;
        this.sink = Objects.requireNonNull(sink, "sink");
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] from, int offset, int count) throws IOException {
        Objects.checkFromIndexSize(offset, count, from.length);
        int at = offset;
        int left = count;
        while (left > 0) {
            if (filled == chunk.length) {
                grow(left);
            }
            int n = Math.min(left, chunk.length - filled);
            System.arraycopy(from, at, chunk, filled, n);
            filled += n;
            at += n;
            left -= n;
            if (filled == limit) {
                emit();
            }
        }
    }

    private void grow(int needed) {
        long size = Math.max(Math.max(FIRST, 2L * chunk.length), (long) filled + needed);
        chunk = Arrays.copyOf(chunk, (int) Math.min(limit, size));
    }

    private void emit() throws IOException {
        byte[] full = filled == chunk.length ? chunk : Arrays.copyOf(chunk, filled);
        chunk = new byte[0];
        filled = 0;
        sink.accept(full);
    }

    /** Passes on the remainder. */
    @Override
    public void close() throws IOException {
        if (filled > 0) {
            emit();
        }
    }
}
