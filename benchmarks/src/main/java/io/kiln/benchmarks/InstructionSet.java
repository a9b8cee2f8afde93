package io.kiln.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** The instructions that contenders may use: all that the processor has, or those of a narrower one. */
enum InstructionSet {
    NATIVE(Map.of(), List.of()),

    /** A processor without AVX-512, for HotSpot and for each engine's libraries (oneDNN, MKL, OpenBLAS, ATen). */
    AVX2(
            Map.of(
                    "ONEDNN_MAX_CPU_ISA", "AVX2",
                    "DNNL_MAX_CPU_ISA", "AVX2",
                    "MKL_ENABLE_INSTRUCTIONS", "AVX2",
                    "OPENBLAS_CORETYPE", "Haswell",
                    "ATEN_CPU_CAPABILITY", "avx2"),
            List.of("-XX:UseAVX=2"));

    private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

    private final Map<String, String> environment;
    private final List<String> jvmOptions;

    InstructionSet(Map<String, String> environment, List<String> jvmOptions) {
        this.environment = environment;
        this.jvmOptions = jvmOptions;
    }

    Map<String, String> environment() {
        return environment;
    }

    List<String> jvmOptions() {
        return jvmOptions;
    }

    /** The name of a workload under these instructions. */
    String workload(String name) {
        return this == NATIVE ? name : name + "-" + name().toLowerCase(Locale.ROOT);
    }

    /**
     * The name of a workload in a table of several processors, where rows without an addition are of AVX-512: on a processor that
     * ends at AVX2 all runs are named as if they were held to it.
     */
    String row(String name) throws IOException {
        return row(name, info("flags").orElse(""));
    }

    /** The same on a processor with these extensions, by their names in Linux. */
    String row(String name, String flags) {
        return this == NATIVE && widest(flags).equals(AVX2.name()) ? AVX2.workload(name) : name;
    }

    /** Processor, and the widest instructions that contenders use of it. */
    String describe() throws IOException {
        String model = info("model name").orElse(System.getProperty("os.arch"));
        return this == NATIVE ? model + " (" + widest(info("flags").orElse("")) + ")" : model + " held to " + this;
    }

    private static String widest(String flags) {
        Set<String> known = Set.of(flags.split(" "));
        String floats = known.contains("avx512f") ? "AVX-512" : known.contains("avx2") ? "AVX2" : "below AVX2";
        return floats
                + (known.contains("avx512_bf16") ? ", bfloat16" : "")
                + (known.contains("amx_bf16") ? ", AMX" : "");
    }

    private static Optional<String> info(String key) throws IOException {
        if (!Files.isReadable(CPU_INFO)) {
            return Optional.empty();
        }
        try (Stream<String> lines = Files.lines(CPU_INFO)) {
            return lines.filter(line -> line.startsWith(key))
                    .findFirst()
                    .map(line -> line.substring(line.indexOf(':') + 1).strip());
        }
    }
}
