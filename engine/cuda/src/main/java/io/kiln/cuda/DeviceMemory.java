package io.kiln.cuda;

import static jcuda.driver.JCudaDriver.CU_MEMHOSTALLOC_PORTABLE;
import static jcuda.driver.JCudaDriver.cuMemAlloc;
import static jcuda.driver.JCudaDriver.cuMemFree;
import static jcuda.driver.JCudaDriver.cuMemFreeHost;
import static jcuda.driver.JCudaDriver.cuMemHostAlloc;

import io.kiln.backend.Storage;
import jcuda.driver.CUresult;

/**
 * Memory of a device, and pinned memory of the host. An address of the device is kept with its sign bit set, so that {@link
 * io.kiln.ndarray.internal.Memory} refuses to read and write there.
 *
 * <p>Concurrency: thread-safe.
 */
final class DeviceMemory {
    private final CudaDevice device;

    DeviceMemory(CudaDevice device) {
        this.device = device;
    }

    /** The device's address of a block. */
    static long address(Storage storage) {
        return storage.address() & Long.MAX_VALUE;
    }

    /** The handle of new memory, or 0 when the driver refuses. */
    long allocate(long bytes) {
        device.makeCurrent();
        DevicePointer pointer = new DevicePointer();
        int status = cuMemAlloc(pointer, bytes);
        if (status == CUresult.CUDA_ERROR_OUT_OF_MEMORY) {
            return 0;
        }
        device.check(status, "cuMemAlloc of " + bytes + " bytes");
        return pointer.address() | Long.MIN_VALUE;
    }

    /** Returns memory, unless it is gone with a device that has failed. */
    void free(long handle) {
        if (device.hasFailed()) {
            return;
        }
        device.makeCurrent();
        device.check(cuMemFree(new DevicePointer(handle & Long.MAX_VALUE)), "cuMemFree");
    }

    /** The address of new pinned memory, or 0 when the system refuses. */
    long allocateHost(long bytes) {
        device.makeCurrent();
        HostPointer pointer = new HostPointer();
        int status = cuMemHostAlloc(pointer, bytes, CU_MEMHOSTALLOC_PORTABLE);
        if (status == CUresult.CUDA_ERROR_OUT_OF_MEMORY) {
            return 0;
        }
        device.check(status, "cuMemHostAlloc of " + bytes + " bytes");
        return pointer.address();
    }

    /** Returns pinned memory, unless the device has failed, whose driver takes no calls any more. */
    void freeHost(long address) {
        if (device.hasFailed()) {
            return;
        }
        device.makeCurrent();
        device.check(cuMemFreeHost(new HostPointer(address)), "cuMemFreeHost");
    }
}
