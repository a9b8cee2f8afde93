package io.kiln.nccl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.cuda.driver.TestDriver;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A main method in a JVM of its own: a device that has failed stays so, and so does a library that was loaded. */
final class Jvm {
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
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(2, TimeUnit.MINUTES));
        assertEquals(0, process.exitValue(), text);
        return text;
    }
}
