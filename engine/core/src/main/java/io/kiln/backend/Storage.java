package io.kiln.backend;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * A reference-counted block of device memory: each array that views it holds one reference, and the last one that
 * closes returns the block to its allocator.
 *
 * <p>Concurrency: references may be taken and dropped on any thread.
 */
public final class Storage {
    private final Backend backend;
    private final Queue home;
    private final Runnable free;
    private final long address;
    private final long bytes;
    private final AtomicInteger references = new AtomicInteger(1);
    private volatile int version;
    private Mirror mirror;

    Storage(Backend backend, Allocator allocator, Queue home, long address, long bytes) {
        this(backend, home, address, bytes, () -> allocator.free(home, address, bytes));
    }

    private Storage(Backend backend, Queue home, long address, long bytes, Runnable free) {
        this.backend = backend;
        this.home = home;
        this.free = free;
        this.address = address;
        this.bytes = bytes;
    }

    /**
     * Wraps memory with another owner.
     *
     * @param backend the memory's backend
     * @param address its first byte
     * @param bytes its size
     * @param free called when the last reference is dropped
     * @return the storage, with one reference
     */
    public static Storage of(Backend backend, long address, long bytes, Runnable free) {
        return new Storage(backend, null, address, bytes, free);
    }

    /**
     * The backend's handle of the block: an address, aligned to 64 bytes, or a number. Only the backend's kernels use
     * it; all other code uses {@link Span} and {@code NDArray.read()}.
     *
     * @return the handle that its allocator got from the system
     */
    public long address() {
        return address;
    }

    /**
     * The usable size.
     *
     * @return the number of bytes requested
     */
    public long bytes() {
        return bytes;
    }

    /**
     * The memory's backend.
     *
     * @return the backend
     */
    public Backend backend() {
        return backend;
    }

    /**
     * The number of in-place writes so far. A gradient compares it to detect that a saved array has changed since.
     *
     * @return the version
     */
    public int version() {
        return version;
    }

    /** Counts an in-place write. Called by the code that has a backend write into the block, never by the backend. */
    public void bumpVersion() {
        version++;
    }

    /**
     * Declares that work in another queue than the one for which the block was allocated uses it: the block is then not
     * reused before this work has ended.
     *
     * @param queue the queue to which the work has been submitted
     */
    public void usedOn(Queue queue) {
        if (home != null && queue != home) {
            home.await(queue.record());
        }
    }

    /**
     * Remembers the host's copy of the block, in place of an earlier one.
     *
     * @param known the copy, whose reference the block takes over
     */
    public void mirror(Mirror known) {
        Mirror before;
        synchronized (references) {
            before = mirror;
            mirror = known;
        }
        if (before != null) {
            before.host().release();
        }
    }

    /**
     * Returns the host's copy of some bytes of the block.
     *
     * @param wanted the bytes
     * @return a copy that holds them, with a reference that the caller drops; null if there is none
     */
    public Mirror mirrorOf(Span wanted) {
        synchronized (references) {
            if (mirror == null || !mirror.holds(wanted)) {
                return null;
            }
            mirror.host().retain();
            return mirror;
        }
    }

    /**
     * The number of arrays that view this block.
     *
     * @return the number of references
     */
    public int references() {
        return references.get();
    }

    /** Takes one more reference. */
    public void retain() {
        if (references.getAndIncrement() <= 0) {
            throw new IllegalStateException("storage: retained after it was freed");
        }
    }

    /** Drops one reference; the last one frees the block. */
    public void release() {
        int left = references.decrementAndGet();
        if (left == 0) {
            if (mirror != null) {
                mirror(null);
            }
            free.run();
        } else if (left < 0) {
            throw new IllegalStateException("storage: released more often than retained");
        }
    }
}
