package io.kiln.kvstore.snapshot;

import io.kiln.format.ByteChunks;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.io.UncheckedIOException;
import java.util.Enumeration;

/**
 * A slice of a snapshot in the block manager. Its parts are fetched and checked one after another, as they are read.
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
     * Its length.
     *
     * @return bytes
     */
    public long bytes() {
        return entry.bytes();
    }

    /**
     * Reads it.
     *
     * @return a stream of its bytes; reading throws {@link io.kiln.kvstore.KVStoreException} when a part is damaged or on no
     *     executor any more
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
     * Fetches all of it.
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
