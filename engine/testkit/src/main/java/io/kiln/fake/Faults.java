package io.kiln.fake;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Faults that a fake device has on demand. A queue in which work failed is lost, as a GPU's context is: whoever waits for it is
 * told. Concurrency: thread-safe.
 */
public final class Faults {
    private final AtomicInteger kernels = new AtomicInteger();
    private final AtomicInteger copies = new AtomicInteger();
    private final AtomicInteger allocations = new AtomicInteger();
    private final AtomicLong capacity = new AtomicLong(Long.MAX_VALUE);

    Faults() {}

    /**
     * Lets a later kernel fail while it runs.
     *
     * @param which 1 for the next that is launched
     */
    public void failKernel(int which) {
        kernels.set(which);
    }

    /**
     * Lets a later copy fail while it runs.
     *
     * @param which 1 for the next that is given to a queue
     */
    public void failCopy(int which) {
        copies.set(which);
    }

    /**
     * Refuses requests for memory.
     *
     * @param count the next so many that the caching allocator cannot serve itself
     */
    public void refuseAllocations(int count) {
        allocations.set(count);
    }

    /**
     * Bounds the memory of the device.
     *
     * @param bytes beyond which requests are refused
     */
    public void capacity(long bytes) {
        capacity.set(bytes);
    }

    /** Ends all faults and the bound. */
    public void clear() {
        kernels.set(0);
        copies.set(0);
        allocations.set(0);
        capacity.set(Long.MAX_VALUE);
    }

    boolean nextKernelFails() {
        return isDue(kernels);
    }

    boolean nextCopyFails() {
        return isDue(copies);
    }

    boolean refuses(long heldBytes) {
        return allocations.getAndUpdate(n -> Math.max(0, n - 1)) > 0 || heldBytes > capacity.get();
    }

    private static boolean isDue(AtomicInteger countdown) {
        return countdown.getAndUpdate(n -> Math.max(0, n - 1)) == 1;
    }
}
