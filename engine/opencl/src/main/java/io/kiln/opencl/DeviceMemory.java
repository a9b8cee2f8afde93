package io.kiln.opencl;

import static org.jocl.CL.CL_INVALID_BUFFER_SIZE;
import static org.jocl.CL.CL_MEM_OBJECT_ALLOCATION_FAILURE;
import static org.jocl.CL.CL_MEM_READ_WRITE;
import static org.jocl.CL.CL_OUT_OF_HOST_MEMORY;
import static org.jocl.CL.CL_OUT_OF_RESOURCES;
import static org.jocl.CL.clCreateBuffer;
import static org.jocl.CL.clReleaseMemObject;

import io.kiln.backend.OutOfDeviceMemoryException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jocl.cl_mem;

/**
 * Buffers of a device under names below 0, where {@link io.kiln.ndarray.internal.Memory} refuses to read and write. Names are as far apart as
 * the buffers are long, so that the address of an array is its buffer's name and an offset.
 *
 * <p>Concurrency: thread-safe.
 */
final class DeviceMemory {
    private static final int GAP = 64;

    private final OpenClDevice device;
    private final Map<Long, cl_mem> buffers = new ConcurrentHashMap<>();
    private final AtomicLong next;

    DeviceMemory(OpenClDevice device, int index) {
        this.device = device;
        next = new AtomicLong(Long.MIN_VALUE + ((long) index << 56));
    }

    /** A buffer's name, or 0 when the device refuses. */
    long allocate(long bytes) {
        if (bytes > device.largestBuffer()) {
            throw new OutOfDeviceMemoryException("memory: one array needs " + bytes + " bytes, a buffer of "
                    + device.name() + " has at most " + device.largestBuffer()
                    + " bytes; use a smaller batch, or split the array");
        }
        int[] status = new int[1];
        cl_mem buffer = clCreateBuffer(device.context(), CL_MEM_READ_WRITE, bytes, null, status);
        switch (status[0]) {
            case CL_MEM_OBJECT_ALLOCATION_FAILURE,
                    CL_OUT_OF_RESOURCES,
                    CL_OUT_OF_HOST_MEMORY,
                    CL_INVALID_BUFFER_SIZE -> {
                return 0;
            }
            default -> Status.check(status[0], "clCreateBuffer");
        }
        long name = next.getAndAdd(bytes + GAP);
        buffers.put(name, buffer);
        return name;
    }

    void free(long name) {
        Status.check(clReleaseMemObject(buffers.remove(name)), "clReleaseMemObject");
    }

    /** The buffer of a name. */
    cl_mem buffer(long name) {
        cl_mem buffer = buffers.get(name);
        if (buffer == null) {
            throw new IllegalStateException(
                    "opencl: " + Long.toHexString(name) + " is no buffer of " + device.name() + ", or was freed");
        }
        return buffer;
    }
}
