package io.kiln.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.backend.Backend;
import io.kiln.backend.Backends;
import io.kiln.backend.Device;
import io.kiln.backend.Survey;
import io.kiln.cuda.driver.TestDriver;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A machine that lacks a library: the device says which, where it was looked for and what to do, and the JVM goes on. */
class MissingDriverTest {
    @TempDir
    Path empty;

    /** Asks for the device, and for what was found, in a JVM of its own. */
    public static void main(String[] arguments) {
        Survey survey = new CudaBackendProvider().survey();
        survey.components().forEach(c -> System.out.println("component: " + c));
        survey.devices().forEach(d -> System.out.println("device: " + d));
        for (int i = 0; i < 2; i++) {
            try {
                Backend backend = Backends.get(new Device(CudaBackend.TYPE, 0));
                System.out.println("opened " + backend.describe());
                System.out.println("usage: " + backend.usage());
            } catch (IllegalStateException e) {
                System.out.println(e.getMessage());
            }
        }
    }

    private String run(Path libraries, Map<String, String> environment) throws Exception {
        return run(libraries, environment, System.getProperty("java.class.path"));
    }

    private String run(Path libraries, Map<String, String> environment, String classPath) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-D" + LibrarySearch.PROPERTY + "=" + libraries,
                "-D" + CacheFolder.PROPERTY + "=" + empty.resolve("cache"),
                "-cp",
                classPath,
                MissingDriverTest.class.getName()));
        builder.environment().putAll(environment);
        builder.redirectError(ProcessBuilder.Redirect.DISCARD);
        Process process = builder.start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(2, TimeUnit.MINUTES));
        assertEquals(0, process.exitValue(), text);
        return text;
    }

    private static Path copy(Path to, String... names) throws Exception {
        for (String name : names) {
            Files.copy(TestDriver.build().resolve(name), to.resolve(name));
        }
        return to;
    }

    @Test
    void withoutCompilerTheMessageNamesItThePlaceAndTheRemedy() throws Exception {
        String text = run(copy(empty, "libcuda.so.1"), Map.of());
        assertTrue(
                text.contains("libnvrtc.so.12 or 13) is missing; looked for in kiln.cuda.libraryPath=" + empty), text);
        assertTrue(text.contains("pip install nvidia-cuda-nvrtc-cu12"), text);
        assertTrue(text.contains("component: NVIDIA's driver for CUDA"), text);
        assertTrue(text.contains("device: cuda(0): "), text);
    }

    @Test
    void withoutDeviceTheMessageSaysSo() throws Exception {
        String text = run(TestDriver.build(), Map.of("CUDA_VISIBLE_DEVICES", "-1"));
        assertTrue(text.contains("has no device (CUDA_VISIBLE_DEVICES=-1)"), text);
    }

    @Test
    void withoutCublasTheDeviceOpens() throws Exception {
        String text = run(copy(empty, "libcuda.so.1", "libnvrtc.so.12", "prelude.h", "kernel.h"), Map.of());
        assertTrue(text.contains("products by Kiln's own kernel"), text);
        assertTrue(text.contains("component: cuBLAS (libcublas.so.12 or 13): missing; looked for in "), text);
        assertTrue(text.contains("usage: Optional.empty"), "NVML is not there either: " + text);
    }

    /** The class path of the tests without the jars of one name. */
    private static String without(String jar) {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> !Path.of(entry).getFileName().toString().startsWith(jar))
                .collect(Collectors.joining(File.pathSeparator));
    }

    @Test
    void missingJarsAreToldAsSuch() throws Exception {
        String text = run(TestDriver.build(), Map.of(), without("jcuda-12"));
        assertTrue(text.contains("class jcuda."), text);
        assertTrue(text.contains("org.jcuda:jcuda"), text);
        assertFalse(text.contains("install NVIDIA's driver"), text);
    }

    @Test
    void withoutALibraryForLogsTheSurveyGoesOnAndTheDeviceSaysWhatIsMissing() throws Exception {
        String text = run(TestDriver.build(), Map.of(), without("slf4j-api"));
        assertTrue(text.contains("device: cuda(0): Kiln test driver"), text);
        assertTrue(text.contains("class org.slf4j.") && text.contains("org.slf4j:slf4j-api"), text);
    }

    @Test
    void aDriverThatIsNoLibraryIsToldAndNothingCrashes() throws Exception {
        Files.writeString(empty.resolve("libcuda.so.1"), "no library");
        String text = run(empty, Map.of());
        assertTrue(text.contains("libcuda.so.1 cannot be loaded"), text);
        assertTrue(text.contains("install NVIDIA's driver"), text);
    }
}
