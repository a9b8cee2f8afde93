package io.kiln.kvstore.snapshot;

import io.kiln.format.ByteChunks;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.io.UncheckedIOException;
import java.util.Enumeration;

/**
 * A slice of a snapshot in the block manager. Its parts are fetched and checked one by one as they are read.
 *
 * <p>Concurrency: thread-safe.
 */
public final class SavedSlice {
    private final long storeId;
    private final SliceBlocks.Entry entry;

    SavedSlice(long storeId, SliceBlocks.Entry entry) {
        this.storeId = storeId;
        this.entry = entry;
    }

    /**
     * Returns the length.
     *
     * @return the number of bytes
     */
    public long bytes() {
        return entry.bytes();
    }

    /**
     * Opens the slice for reading.
     *
     * @return a stream of its bytes; reading throws {@link io.kiln.kvstore.KVStoreException} if a part is damaged or no
     *     executor has it any more
     */
    public InputStream open() {
        return new SequenceInputStream(new Enumeration<InputStream>() {
            private int next;

            @Override
            public boolean hasMoreElements() {
                return next < entry.parts().size();
            }

            @Override
            public InputStream nextElement() {
                return new ByteArrayInputStream(SliceBlocks.read(storeId, entry, next++));
            }
        });
    }

    /**
     * Fetches the whole slice.
     *
     * @return its bytes
     */
    public ByteChunks toChunks() {
        try (InputStream in = open()) {
            return ByteChunks.read(in, bytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
