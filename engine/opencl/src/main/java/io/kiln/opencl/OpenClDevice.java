package io.kiln.opencl;

import static org.jocl.CL.CL_CONTEXT_PLATFORM;
import static org.jocl.CL.CL_DEVICE_DOUBLE_FP_CONFIG;
import static org.jocl.CL.CL_DEVICE_GLOBAL_MEM_SIZE;
import static org.jocl.CL.CL_DEVICE_MAX_COMPUTE_UNITS;
import static org.jocl.CL.CL_DEVICE_MAX_MEM_ALLOC_SIZE;
import static org.jocl.CL.CL_DEVICE_MAX_PARAMETER_SIZE;
import static org.jocl.CL.CL_DEVICE_NAME;
import static org.jocl.CL.CL_DEVICE_SINGLE_FP_CONFIG;
import static org.jocl.CL.CL_DEVICE_TYPE;
import static org.jocl.CL.CL_DEVICE_TYPE_ALL;
import static org.jocl.CL.CL_DEVICE_TYPE_CPU;
import static org.jocl.CL.CL_DEVICE_TYPE_GPU;
import static org.jocl.CL.CL_DEVICE_VERSION;
import static org.jocl.CL.CL_DRIVER_VERSION;
import static org.jocl.CL.CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT;
import static org.jocl.CL.CL_PLATFORM_NAME;
import static org.jocl.CL.CL_PLATFORM_VERSION;
import static org.jocl.CL.clCreateContext;
import static org.jocl.CL.clGetDeviceIDs;
import static org.jocl.CL.clGetDeviceInfo;
import static org.jocl.CL.clGetPlatformIDs;
import static org.jocl.CL.clGetPlatformInfo;

import io.kiln.backend.Device;
import io.kiln.backend.Survey;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jocl.CL;
import org.jocl.Pointer;
import org.jocl.cl_context;
import org.jocl.cl_context_properties;
import org.jocl.cl_device_id;
import org.jocl.cl_platform_id;

/** One device of a platform, its context, and what it says of itself. */
final class OpenClDevice {
    private final cl_device_id id;
    private final cl_context context;
    private final String name;
    private final long memory;
    private final long largestBuffer;
    private final long parameterBytes;
    private final int units;
    private final boolean processor;
    private final boolean doubles;
    private final boolean exactDivision;

    private OpenClDevice(cl_platform_id platform, cl_device_id id) {
        this.id = id;
        cl_context_properties properties = new cl_context_properties();
        properties.addProperty(CL_CONTEXT_PLATFORM, platform);
        int[] status = new int[1];
        context = clCreateContext(properties, 1, new cl_device_id[] {id}, null, null, status);
        Status.check(status[0], "clCreateContext");
        name = text(id, CL_DEVICE_NAME) + " (" + version(id) + ")";
        memory = number(id, CL_DEVICE_GLOBAL_MEM_SIZE);
        largestBuffer = number(id, CL_DEVICE_MAX_MEM_ALLOC_SIZE);
        parameterBytes = number(id, CL_DEVICE_MAX_PARAMETER_SIZE);
        units = (int) number(id, CL_DEVICE_MAX_COMPUTE_UNITS);
        processor = (number(id, CL_DEVICE_TYPE) & CL_DEVICE_TYPE_CPU) != 0;
        doubles = number(id, CL_DEVICE_DOUBLE_FP_CONFIG) != 0;
        exactDivision = (number(id, CL_DEVICE_SINGLE_FP_CONFIG) & CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT) != 0;
    }

    /** The devices of all platforms, in the order in which the loader names them. */
    static List<Found> all() {
        int[] count = new int[1];
        if (CL.clGetPlatformIDs(0, null, count) != CL.CL_SUCCESS || count[0] == 0) {
            return List.of();
        }
        cl_platform_id[] platforms = new cl_platform_id[count[0]];
        Status.check(clGetPlatformIDs(platforms.length, platforms, null), "clGetPlatformIDs");
        List<Found> found = new ArrayList<>();
        for (cl_platform_id platform : platforms) {
            if (clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, null, count) == CL.CL_SUCCESS) {
                cl_device_id[] devices = new cl_device_id[count[0]];
                Status.check(
                        clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, devices.length, devices, null), "clGetDeviceIDs");
                for (cl_device_id device : devices) {
                    found.add(new Found(platform, device));
                }
            }
        }
        return found;
    }

    /** A device that has not been opened. */
    record Found(cl_platform_id platform, cl_device_id device) {
        OpenClDevice open() {
            return new OpenClDevice(platform, device);
        }

        /** What the device says of itself, without a context. */
        Survey.Found describe(int index) {
            long type = number(device, CL_DEVICE_TYPE);
            boolean old = text(device, CL_DEVICE_VERSION).startsWith("OpenCL 1.");
            return new Survey.Found(
                    new Device(OpenClBackend.TYPE, index),
                    (type & CL_DEVICE_TYPE_CPU) != 0
                            ? Survey.Kind.CPU
                            : (type & CL_DEVICE_TYPE_GPU) != 0 ? Survey.Kind.GPU : Survey.Kind.OTHER,
                    text(device, CL_DEVICE_NAME),
                    number(device, CL_DEVICE_GLOBAL_MEM_SIZE),
                    version(device) + ", " + number(device, CL_DEVICE_MAX_COMPUTE_UNITS) + " compute units",
                    List.of(),
                    old ? "it needs OpenCL 2.0 or later; install a newer driver" : "");
        }

        /** The platform: its version and name. */
        Survey.Component component() {
            return Survey.Component.found(
                    "platform " + platformText(CL_PLATFORM_NAME), platformText(CL_PLATFORM_VERSION), "");
        }

        private String platformText(int what) {
            long[] size = new long[1];
            Status.check(clGetPlatformInfo(platform, what, 0, null, size), "clGetPlatformInfo");
            byte[] bytes = new byte[Math.toIntExact(size[0])];
            Status.check(clGetPlatformInfo(platform, what, bytes.length, Pointer.to(bytes), null), "clGetPlatformInfo");
            return string(bytes);
        }
    }

    private static String version(cl_device_id id) {
        return text(id, CL_DEVICE_VERSION) + ", driver " + text(id, CL_DRIVER_VERSION);
    }

    private static String string(byte[] bytes) {
        return new String(bytes, 0, Math.max(0, bytes.length - 1), StandardCharsets.UTF_8).strip();
    }

    private static String text(cl_device_id id, int what) {
        long[] size = new long[1];
        Status.check(clGetDeviceInfo(id, what, 0, null, size), "clGetDeviceInfo");
        byte[] bytes = new byte[Math.toIntExact(size[0])];
        Status.check(clGetDeviceInfo(id, what, bytes.length, Pointer.to(bytes), null), "clGetDeviceInfo");
        return string(bytes);
    }

    /** A number of up to 64 bits; the machine is little-endian. */
    private static long number(cl_device_id id, int what) {
        long[] value = new long[1];
        Status.check(clGetDeviceInfo(id, what, Long.BYTES, Pointer.to(value), null), "clGetDeviceInfo");
        return value[0];
    }

    cl_device_id id() {
        return id;
    }

    cl_context context() {
        return context;
    }

    String name() {
        return name;
    }

    long memory() {
        return memory;
    }

    long largestBuffer() {
        return largestBuffer;
    }

    long parameterBytes() {
        return parameterBytes;
    }

    int units() {
        return units;
    }

    /** Whether it is the CPU under another name, which shares its memory with everybody else. */
    boolean isProcessor() {
        return processor;
    }

    /** Whether it computes in float64. */
    boolean hasDoubles() {
        return doubles;
    }

    /** Whether quotients and roots of float32 can be rounded correctly. */
    boolean dividesExactly() {
        return exactDivision;
    }
}
