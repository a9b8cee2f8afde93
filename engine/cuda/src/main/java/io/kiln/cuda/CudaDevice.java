package io.kiln.cuda;

import static jcuda.driver.JCudaDriver.cuCtxSetCurrent;
import static jcuda.driver.JCudaDriver.cuDeviceGet;
import static jcuda.driver.JCudaDriver.cuDeviceGetAttribute;
import static jcuda.driver.JCudaDriver.cuDeviceGetName;
import static jcuda.driver.JCudaDriver.cuDeviceGetUuid;
import static jcuda.driver.JCudaDriver.cuDevicePrimaryCtxRetain;
import static jcuda.driver.JCudaDriver.cuDeviceTotalMem;
import static jcuda.driver.JCudaDriver.cuMemGetInfo;

import io.kiln.backend.Device;
import io.kiln.backend.DeviceFailedException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUresult;
import jcuda.driver.CUuuid;

/**
 * One device of the driver and what it says of itself; its primary context, once it is {@linkplain #open opened}. An error that leaves the
 * context unusable is kept: each later call ends with a {@link DeviceFailedException} whose cause is the first.
 *
 * <p>Concurrency: thread-safe once opened.
 */
final class CudaDevice {
    private static final int NAME_BYTES = 256;

    private final Device id;
    private final CUdevice device = new CUdevice();
    private final CUcontext context = new CUcontext();
    private final String name;
    private final long memory;
    private final int units;
    private final int major;
    private final int minor;
    private DeviceFailedException failure;
    private String reason;

    CudaDevice(int index) {
        id = new Device(CudaBackend.TYPE, index);
        Status.check(cuDeviceGet(device, index), "cuDeviceGet " + index);
        byte[] text = new byte[NAME_BYTES];
        Status.check(cuDeviceGetName(text, text.length, device), "cuDeviceGetName");
        int end = 0;
        while (end < text.length && text[end] != 0) {
            end++;
        }
        name = new String(text, 0, end, StandardCharsets.UTF_8);
        long[] bytes = new long[1];
        Status.check(cuDeviceTotalMem(bytes, device), "cuDeviceTotalMem");
        memory = bytes[0];
        units = attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
        major = attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
        minor = attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
    }

    /** What cluster managers call it: its UUID, as {@code nvidia-smi} writes it. */
    List<String> addresses() {
        CUuuid uuid = new CUuuid();
        Status.check(cuDeviceGetUuid(uuid, device), "cuDeviceGetUuid");
        String hex = HexFormat.of().formatHex(uuid.bytes);
        return List.of("GPU-" + hex.substring(0, 8) + "-" + hex.substring(8, 12) + "-" + hex.substring(12, 16) + "-"
                + hex.substring(16, 20) + "-" + hex.substring(20));
    }

    /** Takes part in the primary context, which other libraries of the process use too. */
    CudaDevice open() {
        check(cuDevicePrimaryCtxRetain(context, device), "cuDevicePrimaryCtxRetain of " + name);
        return this;
    }

    private int attribute(int number) {
        int[] value = new int[1];
        Status.check(cuDeviceGetAttribute(value, number, device), "cuDeviceGetAttribute " + number);
        return value[0];
    }

    /**
     * Makes the context that of the calling thread.
     *
     * @throws DeviceFailedException if the device has failed
     */
    void makeCurrent() {
        checkNotFailed();
        check(cuCtxSetCurrent(context), "cuCtxSetCurrent");
    }

    /**
     * Checks what a call has returned that uses the context.
     *
     * @throws DeviceFailedException if the context cannot be used any more
     * @throws io.kiln.backend.OutOfDeviceMemoryException if memory is full
     */
    void check(int code, String call) {
        if (Status.isSticky(code)) {
            fail(code, call, null);
            checkNotFailed();
        } else if (code != CUresult.CUDA_SUCCESS) {
            throw Status.failure(id.toString(), code, call);
        }
    }

    /** Keeps a failure that leaves the context unusable, unless there has been one. */
    synchronized void fail(int code, String call, Throwable cause) {
        fail(call + " failed: " + CUresult.stringFor(code), cause);
    }

    /** The same for what is no code of the driver's. */
    synchronized void fail(String why, Throwable cause) {
        if (failure == null) {
            reason = why;
            failure = new DeviceFailedException(id, reason, cause);
        }
    }

    /** Whether the context cannot be used any more. The driver has then given up all that was in it. */
    synchronized boolean hasFailed() {
        return failure != null;
    }

    /** What has made the context unusable, in words; empty if nothing has. */
    synchronized String failure() {
        return failure == null ? "" : failure.getMessage();
    }

    /** Throws if the context cannot be used any more. */
    synchronized void checkNotFailed() {
        if (failure != null) {
            throw new DeviceFailedException(
                    id,
                    "the device is lost to this process, which has to be started again, since " + reason + " (-D"
                            + CudaQueue.BLOCKING_PROPERTY + "=true finds the kernel that failed)",
                    failure);
        }
    }

    Device id() {
        return id;
    }

    CUcontext context() {
        return context;
    }

    String name() {
        return name;
    }

    long memory() {
        return memory;
    }

    /** Bytes that the driver has left, for all processes. */
    long freeMemory() {
        makeCurrent();
        long[] free = new long[1];
        check(cuMemGetInfo(free, new long[1]), "cuMemGetInfo");
        return free[0];
    }

    /** Streaming multiprocessors. */
    int units() {
        return units;
    }

    /** The compute capability, such as 90 for 9.0. */
    int capability() {
        return 10 * major + minor;
    }

    /** The compute capability in words. */
    String capabilityText() {
        return major + "." + minor;
    }
}
