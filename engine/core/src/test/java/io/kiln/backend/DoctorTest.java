package io.kiln.backend;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class DoctorTest {
    private static final Survey CPU = new Survey(
            "cpu",
            List.of(new Survey.Found(
                    Device.cpu(),
                    Survey.Kind.CPU,
                    "a processor",
                    64L << 30,
                    "8 hardware threads, AVX2",
                    List.of(),
                    "")),
            List.of(Survey.Component.found("oneDNN", "3.11", "/cache/libdnnl.so.3")));

    private static Survey.Found gpu(int index, String problem) {
        return new Survey.Found(
                new Device("cuda", index),
                Survey.Kind.GPU,
                "a GPU",
                80L << 30,
                "driver 580",
                List.of("GPU-" + index),
                problem);
    }

    private static List<String> print(Survey... surveys) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        new Doctor(new PrintStream(bytes, true, StandardCharsets.UTF_8), List.of(surveys)).print();
        return bytes.toString(StandardCharsets.UTF_8).lines().toList();
    }

    @Test
    void onAMachineWithoutGpusWhatIsMissingIsOneLineWithItsRemedy() {
        Survey cuda = new Survey(
                "cuda",
                List.of(),
                List.of(Survey.Component.missing("libcuda.so.1", "ldconfig", "install NVIDIA's driver 525 or later")));
        List<String> lines = print(cuda, CPU);
        assertTrue(lines.get(0).startsWith("JDK: " + System.getProperty("java.version")), lines.get(0));
        assertTrue(lines.contains("  cpu(0): a processor, 8 hardware threads, AVX2, 65536 MiB"), lines.toString());
        assertTrue(lines.contains("  oneDNN 3.11, /cache/libdnnl.so.3"), lines.toString());
        assertTrue(lines.contains("cuda: no usable device"), lines.toString());
        assertTrue(
                lines.contains("  libcuda.so.1: missing; looked for in ldconfig; install NVIDIA's driver 525 or later"),
                lines.toString());
        assertTrue(
                lines.contains("opencl: no backend on the class path; add the jar kiln-engine-opencl"),
                lines.toString());
        String last = lines.get(lines.size() - 1);
        assertTrue(last.startsWith("device = \"auto\": cpu(0); there is no usable GPU here"), last);
    }

    @Test
    void autoNamesTheUsableGpus() {
        Survey cuda = new Survey("cuda", List.of(gpu(0, ""), gpu(1, "its compute mode is prohibited")), List.of());
        List<String> lines = print(cuda, CPU);
        assertTrue(lines.contains("cuda: 1 device"), lines.toString());
        assertTrue(
                lines.contains("  cuda(1): a GPU, driver 580, 81920 MiB; not usable: its compute mode is prohibited"
                        + " (GPU-1)"),
                lines.toString());
        String last = lines.get(lines.size() - 1);
        assertTrue(last.startsWith("device = \"auto\": the one of cuda(0) that Spark assigns"), last);
    }
}
