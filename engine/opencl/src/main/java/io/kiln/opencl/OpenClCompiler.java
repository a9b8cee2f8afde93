package io.kiln.opencl;

import static org.jocl.CL.CL_BUILD_PROGRAM_FAILURE;
import static org.jocl.CL.CL_PROGRAM_BUILD_LOG;
import static org.jocl.CL.clBuildProgram;
import static org.jocl.CL.clCreateKernel;
import static org.jocl.CL.clCreateProgramWithSource;
import static org.jocl.CL.clGetProgramBuildInfo;
import static org.jocl.CL.clReleaseProgram;

import java.nio.charset.StandardCharsets;
import org.jocl.Pointer;
import org.jocl.cl_kernel;
import org.jocl.cl_program;

/**
 * Builds kernels. Drivers keep binaries on disk themselves (PoCL below {@code POCL_CACHE_DIR}, NVIDIA and Intel in directories of their
 * own), so that no second copy is kept here.
 *
 * <p>Concurrency: thread-safe.
 */
final class OpenClCompiler {
    private final OpenClDevice device;
    private final String options;

    OpenClCompiler(OpenClDevice device) {
        this.device = device;
        options = "-cl-std=CL1.2 -w" + (device.dividesExactly() ? " -cl-fp32-correctly-rounded-divide-sqrt" : "");
    }

    /** Builds a kernel; as {@link io.kiln.kernels.KernelDevice#build}. */
    cl_kernel build(String source, String macros, String kernel, String what) {
        int[] status = new int[1];
        cl_program program = clCreateProgramWithSource(device.context(), 1, new String[] {source}, null, status);
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
        return made;
    }

    private String log(cl_program program) {
        long[] size = new long[1];
        clGetProgramBuildInfo(program, device.id(), CL_PROGRAM_BUILD_LOG, 0, null, size);
        byte[] text = new byte[Math.toIntExact(size[0])];
        clGetProgramBuildInfo(program, device.id(), CL_PROGRAM_BUILD_LOG, text.length, Pointer.to(text), null);
        return new String(text, StandardCharsets.UTF_8).strip();
    }
}
