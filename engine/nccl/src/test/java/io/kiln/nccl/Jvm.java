package io.kiln.nccl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.cuda.driver.TestDriver;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A main method in a JVM of its own: a device that has failed stays so, and so does a library that was loaded. */
final class Jvm {
    /** Variables that name folders of NVIDIA's libraries, or of those that are installed for a user. */
    private static final List<String> PLACES = List.of(
            "LD_LIBRARY_PATH", "CUDA_HOME", "CUDA_PATH", "VIRTUAL_ENV", "CONDA_PREFIX", "HOME", "NCCL_COMM_BLOCKING");

    private Jvm() {}

    /** What it prints, its log included; it ends by itself, with success. */
    static String run(Class<?> main, Path libraries, String classPath, List<String> options, String... arguments)
            throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-ea",
                "-XX:TieredStopAtLevel=1", // it ends before more would pay
                "-Dkiln.cuda.libraryPath=" + libraries,
                "-Dkiln.cuda.cacheDir=" + TestDriver.build().resolve("cache")));
        command.addAll(options);
        command.addAll(List.of("-cp", classPath, main.getName()));
        command.addAll(List.of(arguments));
        Path output = Files.createTempFile("kiln", ".out");
        try {
            ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
            builder.redirectOutput(output.toFile());
            PLACES.forEach(builder.environment()::remove);
            Process process = builder.start();
            boolean ended = process.waitFor(2, TimeUnit.MINUTES);
            if (!ended) {
                process.destroyForcibly().waitFor(1, TimeUnit.MINUTES);
            }
            String text = Files.readString(output);
            assertTrue(ended, "it has not ended: " + text);
            assertEquals(0, process.exitValue(), text);
            return text;
        } finally {
            Files.delete(output);
        }
    }
}
