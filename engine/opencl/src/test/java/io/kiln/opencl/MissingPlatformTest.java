package io.kiln.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.backend.Backends;
import io.kiln.backend.Device;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A machine without a platform: the device says what is missing, where it was looked for and what to do. */
class MissingPlatformTest {
    @TempDir
    Path empty;

    /** Asks for the device in a JVM of its own. */
    public static void main(String[] arguments) {
        try {
            Backends.get(new Device(OpenClBackend.TYPE, 0));
        } catch (IllegalStateException e) {
            System.out.println(e.getMessage());
        }
    }

    @Test
    void theMessageNamesThePlaceAndTheRemedy() throws Exception {
        ProcessBuilder builder = new ProcessBuilder(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                MissingPlatformTest.class.getName()));
        builder.environment().put("OCL_ICD_VENDORS", empty.toString());
        builder.redirectError(ProcessBuilder.Redirect.DISCARD);
        Process process = builder.start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(1, TimeUnit.MINUTES));
        assertEquals(0, process.exitValue(), text);
        assertTrue(text.contains("no platform is registered in " + empty), text);
        assertTrue(text.contains("apt-get install ocl-icd-libopencl1 pocl-opencl-icd"), text);
    }
}
