package io.kiln.opencl;

import static org.jocl.CL.CL_BUILD_PROGRAM_FAILURE;
import static org.jocl.CL.CL_PROGRAM_BUILD_LOG;
import static org.jocl.CL.clBuildProgram;
import static org.jocl.CL.clCreateKernel;
import static org.jocl.CL.clCreateProgramWithSource;
import static org.jocl.CL.clGetProgramBuildInfo;
import static org.jocl.CL.clReleaseProgram;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jocl.Pointer;
import org.jocl.cl_device_id;
import org.jocl.cl_kernel;
import org.jocl.cl_program;

/**
 * Builds the programs of one device and keeps them: each source with each set of macros once. Drivers keep binaries on disk themselves
 * (PoCL below {@code POCL_CACHE_DIR}, NVIDIA and Intel in directories of their own), so that no second copy is kept here.
 *
 * <p>Concurrency: thread-safe.
 */
final class Programs {
    private final OpenClDevice device;
    private final String options;
    private final String dialect;
    private final Map<Key, KernelHandle> kernels = new ConcurrentHashMap<>();
    private final Map<String, String> resources = new ConcurrentHashMap<>();
    private final AtomicLong builds = new AtomicLong();

    private record Key(String source, String macros, String kernel) {}

    Programs(OpenClDevice device) {
        this.device = device;
        options = "-cl-std=CL1.2 -w"
                + (device.dividesExactly() ? " -cl-fp32-correctly-rounded-divide-sqrt" : "")
                + (device.hasDoubles() ? " -DHAS_DOUBLE" : "");
        dialect = resource("dialect.h");
    }

    /** How many programs were built. */
    long builds() {
        return builds.get();
    }

    /**
     * A kernel of a resource.
     *
     * @param file name of the resource, such as {@code matmul.cl}
     * @param macros options such as {@code -DT=float}
     * @param kernel name of the kernel
     */
    KernelHandle ofResource(String file, String macros, String kernel) {
        KernelHandle known = kernels.get(new Key(file, macros, kernel));
        return known != null
                ? known
                : kernels.computeIfAbsent(
                        new Key(file, macros, kernel), k -> build(resource(file), macros, kernel, file));
    }

    /** A kernel of a source that was generated. */
    KernelHandle ofSource(String source, String macros, String kernel) {
        return kernels.computeIfAbsent(
                new Key(source, macros, kernel), k -> build(source, macros, kernel, "a generated program"));
    }

    /** The text of a resource beside this class. */
    String resource(String file) {
        return resources.computeIfAbsent(file, f -> {
            try (InputStream in = Programs.class.getResourceAsStream(f)) {
                return new String(in.readAllBytes(), StandardCharsets.UTF_8);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    private KernelHandle build(String source, String macros, String kernel, String what) {
        builds.incrementAndGet();
        int[] status = new int[1];
        String[] parts = {dialect, source};
        cl_program program = clCreateProgramWithSource(device.context(), parts.length, parts, null, status);
        Status.check(status[0], "clCreateProgramWithSource");
        int built = clBuildProgram(program, 0, null, options + " " + macros, null, null);
        if (built == CL_BUILD_PROGRAM_FAILURE) {
            throw new IllegalStateException("opencl: " + device.name() + " does not compile kernel " + kernel + " of "
                    + what + " with " + macros + ":\n" + log(program));
        }
        Status.check(built, "clBuildProgram");
        cl_kernel made = clCreateKernel(program, kernel, status);
        Status.check(status[0], "clCreateKernel " + kernel);
        Status.check(clReleaseProgram(program), "clReleaseProgram");
        return new KernelHandle(kernel, made);
    }

    private String log(cl_program program) {
        cl_device_id id = device.id();
        long[] size = new long[1];
        clGetProgramBuildInfo(program, id, CL_PROGRAM_BUILD_LOG, 0, null, size);
        byte[] text = new byte[Math.toIntExact(size[0])];
        clGetProgramBuildInfo(program, id, CL_PROGRAM_BUILD_LOG, text.length, Pointer.to(text), null);
        return new String(text, StandardCharsets.UTF_8).strip();
    }
}
