package io.kiln.cpu.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx2;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx2_vnni_2;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx512_core;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx512_core_bf16;
import static org.bytedeco.dnnl.global.dnnl.dnnl_get_effective_cpu_isa;

import io.kiln.cpu.natives.Natives;

/**
 * The instruction set available to oneDNN: supported by the processor and allowed by {@code ONEDNN_MAX_CPU_ISA}.
 */
public final class InstructionSet {

    private InstructionSet() {}

    /**
     * Whether oneDNN computes products of bfloat16.
     *
     * @return false without oneDNN, and where products are computed in float32
     */
    public static boolean servesBfloat16() {
        return has(dnnl_cpu_isa_avx512_core) || has(dnnl_cpu_isa_avx2_vnni_2);
    }

    /**
     * Whether the processor itself multiplies bfloat16, so that it is faster than float32.
     *
     * @return true with AVX512_BF16 or AMX
     */
    public static boolean multipliesBfloat16() {
        return has(dnnl_cpu_isa_avx512_core_bf16);
    }

    /**
     * Whether oneDNN uses AVX2 and multiplies and adds with one rounding. Without, its exponential is off by some 40 units in the last
     * place, and the bits of a product may depend on where its operands lie.
     *
     * @return false without oneDNN, and where it is held to SSE4.1 or AVX
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

    /** The sets are nested: each has the bits of those that it contains. */
    private static boolean has(int set) {
        return Natives.get().isAvailable() && (Effective.SET & set) == set;
    }

    /** Asked once: it does not change after oneDNN's first call. */
    private static final class Effective {
        static final int SET = dnnl_get_effective_cpu_isa();
    }
}
