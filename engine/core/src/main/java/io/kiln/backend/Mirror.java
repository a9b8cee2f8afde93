package io.kiln.backend;

/**
 * What the host knows of a stretch of a block of device memory: a copy that was made on the way to the device, or that was asked
 * for before anybody waited for it.
 *
 * @param host the copy, of which the mirror has one reference
 * @param offset first byte within the block
 * @param version the block's {@linkplain Storage#version version} that was copied
 * @param waits who waits for a copy that is under way; null when it is there
 * @param ticket how often it had waited when the copy was given to the queue
 */
public record Mirror(Storage host, long offset, int version, Waits waits, long ticket) {
    /**
     * Whether a thread can read the copy, after a wait of its own at most.
     *
     * @param reader the waits of the thread
     * @return false when another thread waits for it
     */
    public boolean isFor(Waits reader) {
        return waits == null || waits == reader;
    }

    /** {@return whether the copy is there, as the thread knows that waits for it} */
    public boolean hasArrived() {
        return waits == null || waits.count() > ticket;
    }

    /**
     * Whether it holds elements as they are now.
     *
     * @param wanted the elements
     * @return false when they have been overwritten, or are not among those copied
     */
    public boolean holds(Span wanted) {
        return version == wanted.storage().version()
                && wanted.offset() >= offset
                && wanted.offset() + wanted.bytes() <= offset + host.bytes();
    }
}
