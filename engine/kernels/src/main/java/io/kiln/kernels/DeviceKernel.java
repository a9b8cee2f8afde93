package io.kiln.kernels;

/** A kernel that was built for a device. Concurrency: thread-safe. */
@FunctionalInterface
public interface DeviceKernel {
    /**
     * Runs the kernel in the calling thread's queue.
     *
     * @param global work items along each dimension, multiples of those of a group
     * @param local work items of a group along each dimension
     * @param arguments arrays and blocks of memory (the address of the block), {@linkplain KernelDevice#constants
     *     constants}, Integer and Long numbers, arrays of long, float or double, which are structs passed by value, and
     *     what is {@link Changing}
     */
    void run(long[] global, long[] local, Object... arguments);
}
