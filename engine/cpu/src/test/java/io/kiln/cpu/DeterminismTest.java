package io.kiln.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * The same seed and number of threads give the same bits: eager, hybridized and as compiled steps, with dropout, random
 * operators, sums by index and convolutions.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DeterminismTest {
    private Map<String, Long> sums;

    @BeforeAll
    void run() throws InterruptedException {
        sums = DeterminismMain.checksums();
    }

    @Test
    void twiceInOneProcess() throws InterruptedException {
        assertEquals(sums, DeterminismMain.checksums());
    }

    @Test
    void inAnotherProcess() throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx512m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        DeterminismMain.class.getName())
                .redirectErrorStream(true)
                .start();
        try {
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertTrue(process.waitFor(2, TimeUnit.MINUTES), output);
            assertEquals(0, process.exitValue(), output);
            Map<String, Long> other = new TreeMap<>();
            output.lines().filter(l -> l.startsWith("SUM ")).forEach(l -> {
                int at = l.lastIndexOf('=');
                other.put(l.substring(4, at), Long.parseLong(l.substring(at + 1)));
            });
            assertEquals(sums, other);
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void compiledStepsHaveTheBitsOfEagerOnes() {
        for (String with : new String[] {" with threads: 1", " with threads: 2"}) {
            for (String net : new String[] {"convolutions", "lstm", "transformer"}) {
                assertEquals(sums.get(net + ", EAGER" + with), sums.get(net + ", COMPILED" + with), net + with);
            }
        }
    }

    @Test
    void checksumsSeeWhatIsTrained() {
        assertNotEquals(sums.get("lstm, EAGER with threads: 1"), sums.get("transformer, EAGER with threads: 1"));
        assertEquals(2 * (3 * 3 + 2), sums.size());
    }

    @Test
    void randomNumbersDoNotDependOnThreads() {
        assertEquals(sums.get("random numbers with threads: 1"), sums.get("random numbers with threads: 2"));
    }
}
