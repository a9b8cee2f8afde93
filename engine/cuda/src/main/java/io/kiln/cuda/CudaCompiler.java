package io.kiln.cuda;

import static jcuda.driver.JCudaDriver.cuModuleGetFunction;
import static jcuda.driver.JCudaDriver.cuModuleLoadData;
import static jcuda.nvrtc.JNvrtc.nvrtcCompileProgram;
import static jcuda.nvrtc.JNvrtc.nvrtcCreateProgram;
import static jcuda.nvrtc.JNvrtc.nvrtcDestroyProgram;
import static jcuda.nvrtc.JNvrtc.nvrtcGetCUBIN;
import static jcuda.nvrtc.JNvrtc.nvrtcGetCUBINSize;
import static jcuda.nvrtc.JNvrtc.nvrtcGetNumSupportedArchs;
import static jcuda.nvrtc.JNvrtc.nvrtcGetPTX;
import static jcuda.nvrtc.JNvrtc.nvrtcGetProgramLog;
import static jcuda.nvrtc.JNvrtc.nvrtcGetSupportedArchs;
import static jcuda.nvrtc.JNvrtc.nvrtcVersion;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.nvrtc.nvrtcProgram;
import jcuda.nvrtc.nvrtcResult;

/**
 * Compiles kernels with NVRTC: to the code of the device's architecture, or to PTX, which the driver compiles, where the compiler is older
 * than the device. Modules stay loaded.
 *
 * <p>Concurrency: thread-safe.
 */
final class CudaCompiler {
    private final CudaDevice device;
    private final KernelCache cache;
    private final String version;
    private final boolean knowsDevice;
    private final String architecture;

    CudaCompiler(CudaDevice device, KernelCache cache) {
        this.device = device;
        this.cache = cache;
        version = version();
        int[] known = architectures();
        int capability = device.capability();
        knowsDevice = Arrays.stream(known).anyMatch(a -> a == capability);
        int newest = Arrays.stream(known)
                .filter(a -> a <= capability)
                .max()
                .orElseThrow(() -> new IllegalStateException("cuda: NVRTC " + version + " compiles for architectures "
                        + Arrays.toString(known) + ", " + device.name() + " has " + capability
                        + "; use an earlier CUDA toolkit"));
        architecture = (knowsDevice ? "sm_" : "compute_") + newest;
    }

    /** The compiler's version. */
    static String version() {
        int[] major = new int[1];
        int[] minor = new int[1];
        Status.checkCompiler(nvrtcVersion(major, minor), "nvrtcVersion");
        return major[0] + "." + minor[0];
    }

    private static int[] architectures() {
        int[] count = new int[1];
        Status.checkCompiler(nvrtcGetNumSupportedArchs(count), "nvrtcGetNumSupportedArchs");
        int[] known = new int[count[0]];
        Status.checkCompiler(nvrtcGetSupportedArchs(known), "nvrtcGetSupportedArchs");
        return known;
    }

    /** What kernels are compiled for, such as sm_90. */
    String architecture() {
        return architecture;
    }

    /** Builds a kernel; as {@link io.kiln.kernels.KernelDevice#build}. */
    CUfunction build(String source, String macros, String kernel, String what) {
        String text = defines(macros) + source;
        // Products and sums are rounded one by one, as on the CPU; kernels that want both at once say so.
        String[] options = {"--gpu-architecture=" + architecture, "--fmad=false", "--disable-warnings"};
        String key = KernelCache.key(text, String.join(" ", options), version);
        Optional<byte[]> known = cache.read(key);
        byte[] code = known.orElseGet(() -> compile(text, options, kernel, what + " with " + macros));
        if (known.isEmpty()) {
            cache.write(key, code);
        }
        device.makeCurrent();
        CUmodule module = new CUmodule();
        device.check(cuModuleLoadData(module, code), "cuModuleLoadData of kernel " + kernel);
        CUfunction function = new CUfunction();
        device.check(cuModuleGetFunction(function, module, kernel), "cuModuleGetFunction " + kernel);
        return function;
    }

    /** Macros in the text, as options they would also hold in the compiler's own headers. */
    static String defines(String macros) {
        StringBuilder lines = new StringBuilder();
        for (String option : macros.strip().split("\\s+")) {
            if (!option.startsWith("-D")) {
                throw new IllegalArgumentException("cuda: needs macros such as -DT=float, got " + option);
            }
            String[] parts = option.substring(2).split("=", 2);
            lines.append("#define ")
                    .append(parts[0])
                    .append(' ')
                    .append(parts.length == 2 ? parts[1] : "1")
                    .append('\n');
        }
        return lines.toString();
    }

    private byte[] compile(String text, String[] options, String kernel, String what) {
        nvrtcProgram program = new nvrtcProgram();
        Status.checkCompiler(nvrtcCreateProgram(program, text, kernel + ".cu", 0, null, null), "nvrtcCreateProgram");
        try {
            int status = nvrtcCompileProgram(program, options.length, options);
            if (status == nvrtcResult.NVRTC_ERROR_COMPILATION) {
                String[] log = new String[1];
                nvrtcGetProgramLog(program, log);
                throw new IllegalStateException("cuda: NVRTC " + version + " does not compile kernel " + kernel + " of "
                        + what + " for " + architecture + ":\n" + log[0]);
            }
            Status.checkCompiler(status, "nvrtcCompileProgram of kernel " + kernel);
            return knowsDevice ? binary(program) : ptx(program);
        } finally {
            nvrtcDestroyProgram(program);
        }
    }

    private static byte[] binary(nvrtcProgram program) {
        long[] size = new long[1];
        Status.checkCompiler(nvrtcGetCUBINSize(program, size), "nvrtcGetCUBINSize");
        byte[] code = new byte[Math.toIntExact(size[0])];
        Status.checkCompiler(nvrtcGetCUBIN(program, code), "nvrtcGetCUBIN");
        return code;
    }

    private static byte[] ptx(nvrtcProgram program) {
        String[] text = new String[1];
        Status.checkCompiler(nvrtcGetPTX(program, text), "nvrtcGetPTX");
        return (text[0] + '\0').getBytes(StandardCharsets.US_ASCII);
    }
}
