package io.kiln.backend;

import java.util.Objects;

/**
 * A range of a block of memory, on a device or {@linkplain Backend#hostMemory on the host}: it identifies memory where
 * addresses are meaningless.
 *
 * @param storage the block
 * @param offset its first byte within the block
 * @param bytes its length
 */
public record Span(Storage storage, long offset, long bytes) {
    /** Checks that it is inside the block. */
    public Span {
        Objects.checkFromIndexSize(offset, bytes, storage.bytes());
    }

    /**
     * A whole block.
     *
     * @param storage the block
     * @return its bytes
     */
    public static Span of(Storage storage) {
        return new Span(storage, 0, storage.bytes());
    }

    /**
     * A part of this span.
     *
     * @param from its first byte within this span
     * @param count its length
     * @return the part
     */
    public Span slice(long from, long count) {
        Objects.checkFromIndexSize(from, count, bytes);
        return new Span(storage, offset + from, count);
    }
}
