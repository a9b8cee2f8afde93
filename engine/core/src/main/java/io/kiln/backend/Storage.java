package io.kiln.backend;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * One block of device memory, counted by reference: each array that views it holds one reference, and the last one that
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
     * Memory that somebody else owns.
     *
     * @param backend whose memory it is
     * @param address where it begins
     * @param bytes its size
     * @param free told when the last reference is dropped
     * @return the storage, with one reference
     */
    public static Storage of(Backend backend, long address, long bytes, Runnable free) {
        return new Storage(backend, null, address, bytes, free);
    }

    /**
     * What the backend calls the block: an address, aligned to 64 bytes, or a number of its own. It is for the backend's
     * kernels; all others have {@link Span} and {@code NDArray.read()}.
     *
     * @return what its allocator was given by the system
     */
    public long address() {
        return address;
    }

    /**
     * The usable size.
     *
     * @return bytes asked for
     */
    public long bytes() {
        return bytes;
    }

    /**
     * Whose memory it is.
     *
     * @return the backend
     */
    public Backend backend() {
        return backend;
    }

    /**
     * The number of writes in place so far. A gradient compares it to detect that a saved array has changed since.
     *
     * @return the version
     */
    public int version() {
        return version;
    }

    /** Counts a write in place. Whoever has a backend write into it calls this, never the backend. */
    public void bumpVersion() {
        version++;
    }

    /**
     * Says that work in another queue than that in which the block was allocated uses it: the block is then not given to
     * others before this work has ended.
     *
     * @param queue the queue to which the work has been given
     */
    public void usedOn(Queue queue) {
        if (home != null && queue != home) {
            home.await(queue.record());
        }
    }

    /**
     * How many arrays view this block.
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
            free.run();
        } else if (left < 0) {
            throw new IllegalStateException("storage: released more often than retained");
        }
    }
}
