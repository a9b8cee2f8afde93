package io.kiln.cpu.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx2;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx2_vnni_2;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx512_core;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx512_core_amx;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx512_core_bf16;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx512_core_fp16;
import static org.bytedeco.dnnl.global.dnnl.dnnl_get_effective_cpu_isa;

import io.kiln.cpu.natives.Natives;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * The instruction set available to oneDNN: supported by the processor and allowed by {@code ONEDNN_MAX_CPU_ISA}.
 */
public final class InstructionSet {
    private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

    private InstructionSet() {}

    /**
     * Whether oneDNN computes bfloat16 products.
     *
     * @return false without oneDNN, and if products are computed in float32
     */
    public static boolean servesBfloat16() {
        return has(dnnl_cpu_isa_avx512_core) || has(dnnl_cpu_isa_avx2_vnni_2);
    }

    /**
     * Whether the processor itself multiplies bfloat16, which is then faster than float32.
     *
     * @return true with AVX512_BF16 or AMX
     */
    public static boolean multipliesBfloat16() {
        return has(dnnl_cpu_isa_avx512_core_bf16);
    }

    /**
     * Whether the processor itself multiplies float16.
     *
     * @return true with AVX512_FP16
     */
    public static boolean multipliesFloat16() {
        return has(dnnl_cpu_isa_avx512_core_fp16);
    }

    /**
     * The processor, for messages.
     *
     * @return the model name reported by Linux; elsewhere the architecture
     */
    public static String processor() {
        if (Files.isReadable(CPU_INFO)) {
            try (Stream<String> lines = Files.lines(CPU_INFO)) {
                return lines.filter(line -> line.startsWith("model name"))
                        .findFirst()
                        .map(line -> line.substring(line.indexOf(':') + 1).strip())
                        .orElse(System.getProperty("os.arch"));
            } catch (IOException | UncheckedIOException e) {
                return System.getProperty("os.arch"); // a message does not need the reason
            }
        }
        return System.getProperty("os.arch");
    }

    /**
     * Whether oneDNN uses AVX2 and fused multiply-add. Otherwise its exponential is off by some 40 units in the last
     * place, and the bits of a product may depend on the addresses of its operands.
     *
     * @return false without oneDNN, and if it is restricted to SSE4.1 or AVX
     */
    public static boolean hasAvx2() {
        return has(dnnl_cpu_isa_avx2);
    }

    /**
     * Whether oneDNN uses AVX-512.
     *
     * @return false without oneDNN
     */
    public static boolean hasAvx512() {
        return has(dnnl_cpu_isa_avx512_core);
    }

    /**
     * The instruction set that oneDNN uses, for messages.
     *
     * @return its name; empty without oneDNN
     */
    public static String effective() {
        if (!Natives.get().isAvailable()) {
            return "";
        }
        if (has(dnnl_cpu_isa_avx512_core_amx)) {
            return "AVX-512 with AMX";
        }
        if (has(dnnl_cpu_isa_avx512_core_fp16)) {
            return "AVX-512 with BF16 and FP16";
        }
        if (has(dnnl_cpu_isa_avx512_core_bf16)) {
            return "AVX-512 with BF16";
        }
        if (hasAvx512()) {
            return "AVX-512";
        }
        if (has(dnnl_cpu_isa_avx2_vnni_2)) {
            return "AVX2 with VNNI, BF16 and FP16 conversion";
        }
        return hasAvx2() ? "AVX2" : "SSE4.1 or AVX, without AVX2";
    }

    /** The sets are nested: each has the bits of those that it contains. */
    private static boolean has(int set) {
        return Natives.get().isAvailable() && (Effective.SET & set) == set;
    }

    /** Queried once: it does not change after oneDNN's first call. */
    private static final class Effective {
        static final int SET = dnnl_get_effective_cpu_isa();
    }
}
