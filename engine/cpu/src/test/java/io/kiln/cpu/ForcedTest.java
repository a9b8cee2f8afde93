package io.kiln.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The engine gives the same answers on lesser machines, forced in processes of their own. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ForcedTest {

    @TempDir
    private Path temporary;

    private double[] usual;

    @BeforeAll
    void runAsUsual() throws Exception {
        usual = results(run(List.of(), Map.of()), true);
    }

    @ParameterizedTest
    @ValueSource(strings = {"SSE41", "AVX2", "AVX512_CORE"})
    void oneDnnHonoursTheInstructionSetThatItIsHeldTo(String isa) throws Exception {
        assertClose(results(run(List.of(), Map.of("ONEDNN_MAX_CPU_ISA", isa)), true));
    }

    @Test
    void refusedOneDnnIsReplacedByJavaWithOneLogLine() throws Exception {
        String output = run(List.of("-Dkiln.cpu.onednn=off"), Map.of());
        assertClose(results(output, false));
        assertTrue(output.contains("oneDNN is refused by -Dkiln.cpu.onednn=off"), output);
    }

    @Test
    void nativesThatCannotBeUnpackedAreReplacedByJava() throws Exception {
        Path file = Files.createFile(temporary.resolve("file"));
        String output = run(List.of("-Dkiln.natives.dir=" + file.resolve("below")), Map.of());
        assertClose(results(output, false));
        assertTrue(output.contains("give a writable directory"), output);
    }

    @Test
    void nativesOfAnotherPlatformAreReplacedByJava() throws Exception {
        String output = run(List.of("-Dorg.bytedeco.javacpp.platform=linux-riscv64"), Map.of());
        assertClose(results(output, false));
        assertTrue(output.contains("for linux-riscv64"), output);
    }

    @Test
    void twoProcessesThatUnpackTogetherBothCompute() throws Exception {
        List<String> options = List.of("-Dkiln.natives.dir=" + temporary.resolve("natives"));
        Process first = start(options, Map.of());
        Process second = start(options, Map.of());
        assertClose(results(finish(first), true));
        assertClose(results(finish(second), true));
    }

    @Test
    void threeClassLoadersComputeWithOneCopyOfOneDnn() throws Exception {
        List<String> options = List.of("-Dkiln.natives.dir=" + temporary.resolve("shared"));
        String output = finish(start(ThreeLoadersMain.class, options, Map.of()));
        List<String> lines = output.lines().filter(l -> l.startsWith("RESULT ")).toList();
        assertEquals(3, lines.size(), output);
        for (String line : lines) {
            assertClose(results(line, true));
        }
        assertTrue(output.lines().anyMatch("COPIES 1 1"::equals), output);
    }

    private void assertClose(double[] results) {
        assertEquals(usual.length, results.length);
        for (int i = 0; i < usual.length; i++) {
            assertEquals(usual[i], results[i], 1e-4 * Math.max(1e-2, Math.abs(usual[i])));
        }
    }

    private static double[] results(String output, boolean oneDnn) {
        String line = output.lines()
                .filter(l -> l.startsWith("RESULT "))
                .findFirst()
                .orElseThrow(() -> new AssertionError(output));
        String[] words = line.split(" ");
        assertEquals(oneDnn, Boolean.parseBoolean(words[1]), output);
        double[] results = new double[words.length - 2];
        for (int i = 0; i < results.length; i++) {
            results[i] = Double.parseDouble(words[i + 2]);
        }
        return results;
    }

    private static String run(List<String> options, Map<String, String> environment) throws Exception {
        return finish(start(options, environment));
    }

    private static Process start(List<String> options, Map<String, String> environment) throws IOException {
        return start(ForcedMain.class, options, environment);
    }

    private static Process start(Class<?> main, List<String> options, Map<String, String> environment)
            throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-Xmx256m");
        command.addAll(options);
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add(main.getName());
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(environment);
        return builder.start();
    }

    private static String finish(Process process) throws Exception {
        try {
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertTrue(process.waitFor(2, TimeUnit.MINUTES), output);
            assertEquals(0, process.exitValue(), output);
            return output;
        } finally {
            process.destroyForcibly();
        }
    }
}
