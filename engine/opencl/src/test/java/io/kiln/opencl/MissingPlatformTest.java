package io.kiln.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.backend.Backends;
import io.kiln.backend.Device;
import io.kiln.backend.Doctor;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
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
        String text = run(MissingPlatformTest.class);
        assertTrue(text.contains("no platform is registered in " + empty), text);
        assertTrue(text.contains("apt-get install ocl-icd-libopencl1 pocl-opencl-icd"), text);
    }

    @Test
    void theDoctorGoesOn() throws Exception {
        String text = run(Doctor.class);
        assertTrue(text.contains("opencl: no usable device"), text);
        assertTrue(
                text.contains("an OpenCL platform with devices: missing; looked for in " + empty + "; install"), text);
        assertTrue(text.contains("cpu(0): "), text);
    }

    @Test
    void aMissingJarIsNotToldAsAMissingLoader() throws Exception {
        for (Class<?> main : List.of(MissingPlatformTest.class, Doctor.class)) {
            String text = run(main, "jocl");
            assertTrue(text.contains("class org.jocl.CL: missing; looked for in the class path; add the jars"), text);
            assertFalse(text.contains("libOpenCL.so.1"), text);
        }
    }

    @Test
    void theDoctorNeedsNoLibraryForLogs() throws Exception {
        String text = run(Doctor.class, "slf4j-api");
        assertTrue(text.contains("an OpenCL platform with devices: missing"), text);
        assertTrue(text.contains("cpu(0): "), text);
    }

    /** What a class prints in a process that finds no platform. */
    private String run(Class<?> main) throws Exception {
        return run(main, "");
    }

    /** The same without a jar. */
    private String run(Class<?> main, String without) throws Exception {
        String classPath = Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> without.isEmpty()
                        || !Path.of(entry).getFileName().toString().startsWith(without))
                .collect(Collectors.joining(File.pathSeparator));
        ProcessBuilder builder = new ProcessBuilder(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp", classPath, main.getName()));
        builder.environment().put("OCL_ICD_VENDORS", empty.toString());
        builder.redirectError(ProcessBuilder.Redirect.DISCARD);
        Process process = builder.start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(1, TimeUnit.MINUTES));
        assertEquals(0, process.exitValue(), text);
        return text;
    }
}
